// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {Claim} from "../../../contracts/types/Claim.sol";
import {ExactFixture} from "../support/ExactFixture.sol";
import {Actor} from "../support/NetworkFixture.sol";

/// What was punished before jail can be punished after it, and nothing twice in between.
contract ErasTest is ExactFixture {
    /// A lie paid for while little was at stake, told again behind all of it.
    function test_rule29_aLieThatWasPunishedCannotBeToldAgainAfterJail() public {
        Actor memory large = actor;
        actor = _onboard("small", 2 * MINIMUM_STAKE);
        SignedResult memory lie = _lie();
        bytes32 firstKey = _key(lie);
        assertEq(_proveWrong(lie, INPUT), MINIMUM_STAKE);
        _return();

        SignedResult memory again = _lie();
        assertEq(again.result.outputHash, lie.result.outputHash);
        assertNotEq(_key(again), firstKey);
        assertFalse(disputes.isPunished(_key(again)));
        assertEq(_proveWrong(again, INPUT), STAKE / 2);
        assertTrue(disputes.isPunished(_key(again)) && disputes.isPunished(firstKey));
        assertEq(_standing(large).slashCount, 0);
    }

    function test_rule29_aContradictionIsPunishedAgainAfterJail() public {
        disputes.proveEquivocation(_lie(), _truth());
        _return();
        (SignedResult memory lie, SignedResult memory truth) = (_lie(), _truth());
        assertEq(disputes.proveEquivocation(lie, truth), STAKE / 2);
        assertEq(operators.slashCountOf(actor.id), 2);
        vm.expectPartialRevert(IDisputes.AlreadyPunished.selector);
        disputes.proveEquivocation(truth, lie);
    }

    function test_rule29_aChallengePunishesAgainAfterJail() public {
        _proveWrong(_lie(), INPUT);
        _return();
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        assertTrue(_continue(challenger, lie, 0));
        assertTrue(disputes.isProvedWrong(key));
        assertEq(_standing(actor).stake * GRAIN, STAKE / 2);
    }

    /// In jail it is still the same era.
    function test_rule29_inJailALieIsPunishedOnce() public {
        _proveWrong(_lie(), INPUT);
        skip(JAIL_PERIOD - 1);
        SignedResult memory again = _lie();
        vm.expectRevert(abi.encodeWithSelector(IDisputes.AlreadyPunished.selector, _key(again)));
        _proveWrong(again, INPUT);
    }

    /// Signed in the second of the slash and valid as long as may be: no evidence outlives its era.
    function test_rule29_evidenceOfOneEraIsDeadInTheNext() public {
        SignedResult memory lie = _lie();
        lie.result.validUntil = uint40(block.timestamp) + MAX_VALIDITY;
        lie = _sign(actor.signerKey, lie.result);
        _proveWrong(lie, INPUT);
        _return();
        uint256 endedAt = uint256(lie.result.validUntil) + DISPUTE_WINDOW;
        vm.expectRevert(abi.encodeWithSelector(IDisputes.EvidenceExpired.selector, endedAt));
        _proveWrong(lie, INPUT);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.EvidenceExpired.selector, endedAt));
        disputes.openChallenge(lie);
    }

    /// Of what it signed before, an honest answer is an honest answer in every era.
    function test_rule30_anHonestAnswerStaysUnpunished() public {
        _proveWrong(_lie(), INPUT);
        _return();
        SignedResult memory truth = _truth();
        vm.expectPartialRevert(IDisputes.OutputRight.selector);
        _proveWrong(truth, INPUT);
    }

    /// A retired key answers in its operator's era, not in one of its own.
    function test_rule08_aRetiredKeyHasTheErasOfItsOperator() public {
        _proveWrong(_lie(), INPUT);
        _return();
        SignedResult memory lie = _lie();
        _rotate(actor, "next signer");
        (uint32 operatorId, uint16 era) = operators.slashableOperatorOf(actor.signer);
        assertEq(operatorId, actor.id);
        assertEq(era, 1);
        assertEq(_proveWrong(lie, INPUT), STAKE / 2);
        assertTrue(disputes.isPunished(_claimKey(actor.id, 1, lie.result)));
    }

    /// The accused comes back from jail while it is being computed: the era is that of the accusation.
    function test_aChallengeStaysInTheEraInWhichItWasOpened() public {
        bytes memory other = abi.encode(bytes32("another input"));
        _proveWrong(_signed(other, LIE), other);
        skip(JAIL_PERIOD - 1 hours);
        SignedResult memory lie = _lie();
        Claim memory claim = _claim(lie);
        bytes32 key = _open(challenger, lie);
        skip(1 hours);
        _stake(actor, STAKE / 2);
        vm.prank(actor.owner);
        operators.leaveJail(actor.id);
        assertTrue(disputes.continueChallenge(claim, 0, INPUT));
        assertTrue(disputes.isPunished(key));
        assertEq(_standing(actor).stake * GRAIN, STAKE / 2);
    }

    /// However often: as many slashes as times it was told.
    function testFuzz_everyEraCounts(uint8 eras) public {
        eras = uint8(bound(eras, 1, 6));
        for (uint256 i; i < eras; ++i) {
            SignedResult memory lie = _lie();
            assertEq(_proveWrong(lie, INPUT), STAKE / 2);
            assertTrue(disputes.isPunished(_claimKey(actor.id, uint16(i), lie.result)));
            _return();
        }
        assertEq(operators.slashCountOf(actor.id), eras);
        assertEq(_standing(actor).era, eras);
    }
}
