// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenge, IChallenges} from "../../../contracts/interfaces/IChallenges.sol";
import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ExactFixture} from "../support/ExactFixture.sol";

contract OpenChallengeTest is ExactFixture {
    function test_revertsWhenTheEvidenceHasExpired() public {
        SignedResult memory lie = _lie();
        uint256 endedAt = uint256(lie.result.validUntil) + DISPUTE_WINDOW;
        vm.warp(endedAt + 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.EvidenceExpired.selector, endedAt));
        disputes.openChallenge(lie);
    }

    function test_revertsWhenTheReleaseIsApproximate() public {
        release = _publishExact(keccak256("a graph that nobody stored"));
        SignedResult memory lie = _lie();
        vm.expectRevert(abi.encodeWithSelector(IDisputes.ResultNotExact.selector, release, 0));
        disputes.openChallenge(lie);
    }

    function test_revertsWhenTheCodecIsUndefined() public {
        SignedResult memory lie = _lie();
        lie.result.codec = 2;
        lie = _sign(actor.signerKey, lie.result);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.CodecUndefined.selector, 2));
        disputes.openChallenge(lie);
    }

    function test_revertsWhenTheSignerIsUnknown() public {
        (address outsider, uint256 key) = makeAddrAndKey("outsider");
        SignedResult memory lie = _sign(key, _lie().result);
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerUnknown.selector, outsider));
        disputes.openChallenge(lie);
    }

    function test_revertsWhenTheLieIsPunishedAlready() public {
        SignedResult memory lie = _lie();
        _proveWrong(lie, INPUT);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.AlreadyPunished.selector, _key(lie)));
        disputes.openChallenge(lie);
    }

    function test_revertsWhenTheOutputIsMarkedRight() public {
        SignedResult memory lower = _lie();
        lower.result.outputHash = bytes32(uint256(3));
        _proveWrong(_sign(actor.signerKey, lower.result), INPUT);
        SignedResult memory truth = _truth();
        vm.expectRevert(abi.encodeWithSelector(IDisputes.OutputRight.selector, truth.result.outputHash));
        disputes.openChallenge(truth);
    }

    function test_revertsWhenAChallengeIsOpen() public {
        SignedResult memory lie = _lie();
        bytes32 key = _open(challenger, lie);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.ChallengeAlreadyOpen.selector, key));
        disputes.openChallenge(lie);
    }

    /// One that ended in this second had nothing to slash; another would share its round, and whoever worked in the
    /// first the wages of the second.
    function test_revertsWhenOneEndedInThisSecond() public {
        actor = _register("poor");
        SignedResult memory lie = _lie();
        bytes32 key = _open(stranger, lie);
        assertTrue(_continue(stranger, lie, 0));
        assertFalse(disputes.isPunished(key));
        _stake(actor, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.ChallengeAlreadyOpen.selector, key));
        disputes.openChallenge(lie);
        skip(1);
        _open(challenger, lie);
        assertTrue(_continue(challenger, lie, 0));
        vm.expectRevert(abi.encodeWithSelector(IChallenges.NoWork.selector, key, stranger));
        disputes.payWork(key, uint40(block.timestamp), stranger);
        assertGt(disputes.payWork(key, uint40(block.timestamp), challenger), 0);
    }

    function test_revertsWhenTheBondIsTooLow() public {
        SignedResult memory lie = _lie();
        uint256 bond = disputes.bondFor(GRAPH_ROOT, block.basefee);
        vm.deal(challenger, bond);
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.BondTooLow.selector, bond - 1, bond));
        disputes.openChallenge{value: bond - 1}(lie);
    }

    function test_opens() public {
        SignedResult memory lie = _lie();
        uint256 bond = disputes.bondFor(GRAPH_ROOT, block.basefee);
        vm.deal(challenger, bond + 5);
        vm.expectEmit(address(disputes));
        emit IChallenges.ChallengeOpened(_key(lie), actor.id, challenger, _claim(lie), bond);
        vm.prank(challenger);
        bytes32 key = disputes.openChallenge{value: bond + 5}(lie);

        assertEq(key, _key(lie));
        Challenge memory challenge = disputes.challengeOf(key);
        assertEq(challenge.opener, challenger);
        assertEq(challenge.operatorId, actor.id);
        assertEq(challenge.bond, bond);
        assertEq(challenge.stateHash, keccak256(INPUT));
        assertEq(challenge.endPc, STEPS);
        assertEq(challenge.lapsesAt, block.timestamp + disputes.STEP_PERIOD());
        assertEq(disputes.creditOf(challenger), 5);
        assertEq(address(disputes).balance, bond + 5);
        _requireUntouched();
    }

    function test_rule27_theBondIsTheGasBoundAtTheCappedBaseFee() public {
        assertEq(disputes.bondFor(GRAPH_ROOT, block.basefee), GAS_BOUND * BASE_FEE * 2);
        vm.fee(50 gwei);
        assertEq(disputes.bondFor(GRAPH_ROOT, block.basefee), GAS_BOUND * BASE_FEE_CAP * 2);
    }

    function test_opensUntilTheLastSecondOfTheEvidence() public {
        SignedResult memory lie = _lie();
        vm.warp(uint256(lie.result.validUntil) + DISPUTE_WINDOW);
        assertTrue(_isOpen(_open(challenger, lie)));
    }
}
