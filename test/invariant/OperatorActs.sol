// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Offence, SignerStatus, SlashTerms, Standing} from "../../contracts/interfaces/IOperators.sol";
import {SignedResult} from "../../contracts/interfaces/IProofSettlement.sol";
import {InferenceResult} from "../../contracts/types/InferenceResult.sol";
import {ReleaseId} from "../../contracts/types/ReleaseId.sol";
import {Actor} from "../unit/support/NetworkFixture.sol";
import {Acts} from "./Acts.sol";

/// Stake, slots, offers, signers, equivocation and jail.
abstract contract OperatorActs is Acts {
    uint256 internal constant MAX_ACTORS = 6;

    /// The last proof that slashed, for those who try it again.
    bytes internal lastProof;

    function join(uint256 seed) external acting {
        if (actors.length == MAX_ACTORS) revert Idle();
        _join(_draw(seed, "stake", 20, 500) * 100 ether);
        _did("join");
    }

    function stake(uint256 seed) external acting {
        Actor memory actor = _anyActor(seed);
        uint256 amount = _draw(seed, "amount", 1, 20_000e6) * GRAIN;
        _stake(actor, amount);
        stakeOf[actor.id] += int256(amount);
        _did("stake");
    }

    function unbond(uint256 seed) external acting {
        Actor memory actor = _anyActor(seed);
        uint256 grains = operators.standingById(actor.id).stake;
        if (grains == 0) revert Idle();
        uint256 amount = _draw(seed, "amount", 1, _oneIn(6, seed, "all") ? grains : grains / 4 + 1) * GRAIN;
        vm.prank(actor.owner);
        operators.unbond(actor.id, amount);
        stakeOf[actor.id] -= int256(amount);
        unbondingOf[actor.id] += int256(amount);
        _did("unbond");
    }

    function withdrawUnbonded(uint256 seed) external acting {
        uint256 start = _draw(seed, "actor");
        for (uint256 i; i < actors.length; ++i) {
            Actor memory actor = actors[(start + i) % actors.length];
            if (operators.unbondingOf(actor.id).amount == 0) continue;
            if (operators.unbondingOf(actor.id).releaseAt > clock) continue;
            vm.prank(actor.owner);
            operators.withdrawUnbonded(actor.id, actor.owner);
            wallet[actor.owner] += unbondingOf[actor.id];
            unbondingOf[actor.id] = 0;
            return _did("withdrawUnbonded");
        }
        revert Idle();
    }

    function resize(uint256 seed) external acting {
        Actor memory actor = _anyActor(seed);
        uint256 carried = (operators.standingById(actor.id).stake * GRAIN) / STAKE_PER_SLOT;
        vm.prank(actor.owner);
        operators.setSlots(actor.id, uint16(_draw(seed, "slots", 0, carried < 12 ? carried + 1 : 12)));
        _did("resize");
    }

    function offer(uint256 seed) external acting {
        Actor memory actor = _anyActor(seed);
        ReleaseId release_ = _anyRelease(seed);
        uint8 modes = _oneIn(5, seed, "withdraw") ? 0 : VANILLA_ONLY;
        vm.prank(actor.owner);
        operators.setOffer(actor.id, release_, _draw(seed, "price", 1, 100) * GRAIN, modes);
        _did("offer");
    }

    /// Revoked signers first.
    function rotate(uint256 seed) external acting {
        Actor memory actor = _anyActor(seed);
        for (uint256 i; i < actors.length; ++i) {
            if (operators.standingOf(actors[i].signer).status == SignerStatus.Revoked) actor = actors[i];
        }
        Actor memory rotated = _rotate(actor, string.concat("signer ", vm.toString(signers.length)));
        actors[actor.id - 1] = rotated;
        _addSigner(rotated.id, rotated.signer, rotated.signerKey);
        _endow(rotated.signer);
        _did("rotate");
    }

    function revoke(uint256 seed) external acting {
        if (!_oneIn(2, seed, "really")) revert Idle();
        Actor memory actor = _anyActor(seed);
        vm.prank(_oneIn(2, seed, "by signer") ? actor.signer : actor.owner);
        operators.revokeSigner(actor.signer);
        _did("revoke");
    }

    /// Two answers to one question, by one signer or by two of the same operator, alone or out of a bundle.
    function equivocate(uint256 seed) external acting {
        if (!_oneIn(2, seed, "really")) revert Idle();
        Actor memory actor = _anyActor(seed);
        address first = actor.signer;
        address[] storage own = signersOf[actor.id];
        if (_oneIn(3, seed, "retired")) first = own[_draw(seed, "first") % own.length];
        (SignedResult memory a, SignedResult memory b) = _evidence(seed, actor, first);
        _prove(actor, a, b);
        _did(first == actor.signer ? "equivocate" : "equivocate, retired");
    }

    function leaveJail(uint256 seed) external acting {
        uint256 start = _draw(seed, "actor");
        for (uint256 i; i < actors.length; ++i) {
            Actor memory actor = actors[(start + i) % actors.length];
            Standing memory standing = operators.standingById(actor.id);
            bool isOver = standing.jailed && standing.lastSlashAt + JAIL_PERIOD <= clock;
            if (!isOver || standing.stake * GRAIN < MINIMUM_STAKE) continue;
            vm.prank(actor.owner);
            operators.leaveJail(actor.id);
            return _did("leaveJail");
        }
        revert Idle();
    }

    function retune(uint256 seed) external acting {
        uint16 bounty = uint16(_draw(seed, "bounty", 0, 1500));
        SlashTerms memory terms = SlashTerms(uint16(_draw(seed, "share", 1700, 10_000)), 10_000 - bounty, bounty, 0);
        vm.prank(governor);
        operators.setSlashTerms(Offence.Equivocation, terms);
        _did("retune");
    }

    function _join(uint256 amount) internal {
        uint256 number = actors.length + 1;
        Actor memory actor = _onboard(string.concat("operator ", vm.toString(number)), amount);
        require(actor.id == number, "operators are not counted from one");
        actors.push(actor);
        stakeOf[actor.id] = int256(amount);
        _addAccount(actor.owner);
        _addSigner(actor.id, actor.signer, actor.signerKey);
        _endow(actor.signer);
    }

    /// Money in the escrow, without which a signer cannot accept.
    function _endow(address account) internal {
        _deposit(account, 2 ether);
        balance[account] += 2 ether;
    }

    function _evidence(
        uint256 seed,
        Actor memory actor,
        address first
    ) private view returns (SignedResult memory a, SignedResult memory b) {
        (a, b) = _equivocation(actor, step);
        a = _sign(keyOf[first], a.result);
        if (_oneIn(2, seed, "bundle")) return (a, b);
        InferenceResult[] memory bundle = new InferenceResult[](3);
        for (uint256 i; i < bundle.length; ++i) bundle[i] = _result(bytes32(i + 1), abi.encode(step, i), "output");
        bundle[_draw(seed, "place") % bundle.length] = b.result;
        b = _signBundle(actor.signerKey, bundle)[_draw(seed, "place") % bundle.length];
    }

    function _prove(Actor memory actor, SignedResult memory a, SignedResult memory b) private {
        uint256 share = operators.slashTermsOf(Offence.Equivocation).stakeBps;
        uint256 fromStake = ((uint256(stakeOf[actor.id]) / GRAIN) * share) / 10_000;
        uint256 fromUnbonding = ((uint256(unbondingOf[actor.id]) / GRAIN) * share) / 10_000;
        uint256 expected = (fromStake + fromUnbonding) * GRAIN;

        vm.prank(challenger);
        uint256 taken = disputes.proveEquivocation(a, b);
        _breach(taken != expected, 7, "a slash took another share than its own");
        _breach(int256(taken) > stakeOf[actor.id] + unbondingOf[actor.id], 7, "a slash took more than the stake");
        stakeOf[actor.id] -= int256(fromStake * GRAIN);
        unbondingOf[actor.id] -= int256(fromUnbonding * GRAIN);
        award[challenger] += int256(_bounty(taken));
        _bookForfeit(actor.id);
        lastProof = abi.encodeCall(disputes.proveEquivocation, (a, b));
    }

    /// Never below the floor, never at the expense of what must burn.
    function _bounty(uint256 taken) private view returns (uint256 bounty) {
        uint256 most = (((taken / GRAIN) * 3000) / 10_000) * GRAIN;
        bounty = (((taken / GRAIN) * operators.slashTermsOf(Offence.Equivocation).bountyBps) / 10_000) * GRAIN;
        if (bounty < BOUNTY_FLOOR) bounty = most < BOUNTY_FLOOR ? most : BOUNTY_FLOOR;
    }
}
