// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenge, IChallenges} from "../../../contracts/interfaces/IChallenges.sol";
import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ExactFixture} from "../support/ExactFixture.sol";

contract ChallengePunishedTest is ExactFixture {
    SignedResult private lie;
    bytes32 private key;

    function setUp() public override {
        super.setUp();
        lie = _lieAt(1);
        key = _key(lie);
    }

    function test_revertsWhenNothingPunishedIt() public {
        _expect(abi.encodeWithSelector(IChallenges.NotPunished.selector, key));
    }

    function test_revertsWhenItIsProvedWrong() public {
        _proveWrong(lie, INPUT);
        _expect(abi.encodeWithSelector(IDisputes.AlreadyPunished.selector, key));
    }

    function test_revertsWhenTheOutputIsKnownToBeRight() public {
        _proveWrong(lie, INPUT);
        lie = _truth();
        _expect(abi.encodeWithSelector(IDisputes.OutputRight.selector, lie.result.outputHash));
    }

    function test_revertsWhenAChallengeIsOpen() public {
        _contradict();
        _challengePunished(challenger, lie);
        _expect(abi.encodeWithSelector(IChallenges.ChallengeAlreadyOpen.selector, key));
    }

    function test_revertsWhenTheEvidenceHasExpired() public {
        _contradict();
        uint256 endedAt = uint256(lie.result.validUntil) + DISPUTE_WINDOW;
        vm.warp(endedAt + 1);
        _expect(abi.encodeWithSelector(IDisputes.EvidenceExpired.selector, endedAt));
    }

    /// What the higher of two answers was punished for, while it was right: the accuser loses its bond as ever.
    function test_theRightAnswerIsAcquitted() public {
        lie = _truth();
        key = _key(lie);
        disputes.proveEquivocation(lie, _lieAt(-1));
        uint256 bond = _bondOf(_challengePunished(challenger, lie));
        assertTrue(_continue(stranger, lie, 0));
        assertFalse(disputes.isProvedWrong(key));
        assertEq(disputes.creditOf(actor.owner) + disputes.creditOf(stranger), bond);
        assertEq(operators.slashCountOf(actor.id), 1);
    }

    function test_provesItWrongAndEarnsNothing() public {
        _contradict();
        uint256 bond = _bondOf(_challengePunished(challenger, lie));
        assertEq(disputes.bountyOf(key).claimant, address(0));
        assertTrue(_continue(stranger, lie, 0));
        assertTrue(disputes.isProvedWrong(key));
        assertEq(disputes.creditOf(challenger) + disputes.creditOf(stranger), bond);
        assertEq(operators.slashCountOf(actor.id), 1);
        assertEq(disputes.bountyOf(key).claimant, address(0));
        vm.expectRevert(abi.encodeWithSelector(IChallenges.NoWork.selector, key, stranger));
        disputes.payWork(key, uint40(block.timestamp), stranger);
    }

    function _contradict() private {
        disputes.proveEquivocation(lie, _truth());
    }

    function _bondOf(bytes32 opened) private view returns (uint256) {
        Challenge memory challenge = disputes.challengeOf(opened);
        return challenge.bond;
    }

    function _expect(bytes memory problem) private {
        uint256 bond = disputes.bondFor(GRAPH_ROOT, block.basefee);
        vm.deal(challenger, bond);
        vm.expectRevert(problem);
        vm.prank(challenger);
        disputes.challengePunished{value: bond}(lie);
    }
}
