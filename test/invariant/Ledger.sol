// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Contributor} from "../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../contracts/types/ReleaseId.sol";
import {Actor, NetworkFixture} from "../unit/support/NetworkFixture.sol";

/// What one answer earned, grains; `royalty` is part of `total`.
struct Payment {
    uint256 total;
    uint256 royalty;
    uint256 paidAt;
    bool forfeited;
    bool claimed;
}

/// What the books of every campaign hold: who is who, what each account should have inside the money contract and
/// outside, what each operator has earned there, and how that is divided. Amounts are reckoned from terms and times,
/// never copied from an event. Signed, since a contract that pays too much must show as a difference, not as a panic
/// here.
abstract contract Ledger is NetworkFixture {
    uint256 internal constant EPOCH_ZERO = 1_735_689_600;

    address[] internal accounts;
    mapping(address account => bool known) private _isAccount;
    Actor[] internal actors;
    ReleaseId[] internal releases;
    mapping(ReleaseId release => Contributor[] list) internal contributorsOf;

    mapping(address account => int256 amount) internal balance;
    mapping(address account => int256 amount) internal wallet;
    mapping(uint32 operatorId => mapping(ReleaseId release => Payment[] list)) internal payments;
    address internal receiver;
    address internal royaltyTo;
    uint256 internal paidGross;
    uint256 internal claimedGross;

    uint256 internal clock;
    uint256 internal step;

    mapping(string act => uint256 times) public done;
    /// The first breach that an act saw, by number of the invariant; "" while there is none.
    mapping(uint256 invariantNumber => string fault) public faultOf;

    /// There is nothing to act on now.
    error Idle();

    function _breach(bool breached, uint256 invariantNumber, string memory what) internal {
        if (breached && bytes(faultOf[invariantNumber]).length == 0) faultOf[invariantNumber] = what;
    }

    function _did(string memory act) internal {
        ++done[act];
    }

    function _draw(uint256 seed, string memory what) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what)));
    }

    /// Between both, evenly.
    function _draw(uint256 seed, string memory what, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + (_draw(seed, what) % (high - low + 1));
    }

    function _oneIn(uint256 chances, uint256 seed, string memory what) internal pure returns (bool) {
        return _draw(seed, what) % chances == 0;
    }

    function _anyActor(uint256 seed) internal view returns (Actor memory) {
        return actors[_draw(seed, "actor") % actors.length];
    }

    function _addAccount(address account) internal {
        if (_isAccount[account]) return;
        _isAccount[account] = true;
        accounts.push(account);
        wallet[account] = int256(opg.balanceOf(account));
    }

    /// Grains.
    function _bookPayment(uint32 operatorId, ReleaseId release_, uint256 total, uint256 royalty) internal {
        payments[operatorId][release_].push(Payment(total, royalty, clock, false, false));
        paidGross += total * GRAIN;
    }

    /// What a claim should divide now, wei: matured two windows after the one it was earned in, or forfeited.
    /// @return lost what the operator lost of it, to be burned
    function _bookClaim(uint32 operatorId, ReleaseId release_) internal returns (uint256 lost) {
        Payment[] storage earned = payments[operatorId][release_];
        (uint256 total, uint256 royalty) = (0, 0);
        for (uint256 i; i < earned.length; ++i) {
            Payment storage payment = earned[i];
            if (payment.claimed || !(payment.forfeited || _isRipe(payment.paidAt))) continue;
            payment.claimed = true;
            total += payment.total * GRAIN;
            royalty += payment.royalty * GRAIN;
            if (payment.forfeited) lost += _operatorShare(payment);
        }
        claimedGross += total;
        balance[receiver] += int256(_protocolFee(total / GRAIN));
        uint256 rest = royalty;
        for (uint256 i; i < contributorsOf[release_].length; ++i) {
            Contributor memory contributor = contributorsOf[release_][i];
            uint256 share = (royalty * contributor.bps) / 10_000;
            balance[contributor.account] += int256(share);
            rest -= share;
        }
        balance[royaltyTo] += int256(rest);
        balance[_actorOf(operatorId).owner] += int256(total - royalty - lost) - int256(_protocolFee(total / GRAIN));
    }

    function _bookForfeit(uint32 operatorId) internal {
        for (uint256 i; i < releases.length; ++i) {
            Payment[] storage earned = payments[operatorId][releases[i]];
            for (uint256 j; j < earned.length; ++j) {
                if (!earned[j].claimed && !_isRipe(earned[j].paidAt)) earned[j].forfeited = true;
            }
        }
    }

    function _isRipe(uint256 paidAt) internal view returns (bool) {
        return (clock - EPOCH_ZERO) / DISPUTE_WINDOW >= (paidAt - EPOCH_ZERO) / DISPUTE_WINDOW + 2;
    }

    /// Wei.
    function _operatorShare(Payment memory payment) internal pure returns (uint256) {
        return (payment.total - payment.royalty) * GRAIN - _protocolFee(payment.total);
    }

    function _protocolFee(uint256 grains) internal pure returns (uint256) {
        return (grains * GRAIN * PROTOCOL_FEE_BPS) / 10_000;
    }

    function _actorOf(uint32 operatorId) internal view returns (Actor memory) {
        return actors[operatorId - 1];
    }
}
