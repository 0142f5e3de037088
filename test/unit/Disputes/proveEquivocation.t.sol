// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IDisputes} from "../../../contracts/interfaces/IDisputes.sol";
import {IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

contract ProveEquivocationTest is NetworkFixture {
    bytes32 private constant CONTEXT = keccak256("context");
    Actor private actor;
    InferenceResult private a;
    InferenceResult private b;

    function setUp() public override {
        super.setUp();
        actor = _onboard("operator");
        a = _result(CONTEXT, "input", "one output");
        b = _result(CONTEXT, "input", "another output");
    }

    function test_revertsWhenTheEvidenceIsOver() public {
        b.validUntil = a.validUntil + 1 days;
        uint256 endedAt = uint256(a.validUntil) + DISPUTE_WINDOW;
        vm.warp(endedAt + 1);
        _expectRevert(abi.encodeWithSelector(IDisputes.EvidenceExpired.selector, endedAt));
        (a.validUntil, b.validUntil) = (b.validUntil, a.validUntil);
        _expectRevert(abi.encodeWithSelector(IDisputes.EvidenceExpired.selector, endedAt));
        vm.warp(endedAt);
        _prove();
    }

    function test_revertsWhenTheReleasesDiffer() public {
        b.release = ReleaseId.wrap(keccak256("another release"));
        _expectRevert(abi.encodeWithSelector(IDisputes.ReleasesDiffer.selector, a.release, b.release));
    }

    function test_revertsWhenTheCodecsDiffer() public {
        b.codec = 2;
        _expectRevert(abi.encodeWithSelector(IDisputes.CodecsDiffer.selector, 1, 2));
    }

    function test_revertsWhenTheInputsDiffer() public {
        b.inputHash = keccak256("another input");
        _expectRevert(abi.encodeWithSelector(IDisputes.InputsDiffer.selector, a.inputHash, b.inputHash));
    }

    function test_revertsWhenTheOutputsAreTheSame() public {
        b.outputHash = a.outputHash;
        _expectRevert(abi.encodeWithSelector(IDisputes.OutputsSame.selector, a.outputHash));
    }

    function test_revertsWhenTheSignerIsNobodys() public {
        (address nobody, uint256 key) = makeAddrAndKey("nobody");
        (SignedResult memory left, SignedResult memory right) = (_sign(key, a), _sign(key, b));
        vm.expectRevert(abi.encodeWithSelector(IOperators.SignerUnknown.selector, nobody));
        disputes.proveEquivocation(left, right);
    }

    function test_revertsWhenTheOperatorsDiffer() public {
        Actor memory other = _onboard("other");
        (SignedResult memory left, SignedResult memory right) = (_sign(actor.signerKey, a), _sign(other.signerKey, b));
        vm.expectRevert(abi.encodeWithSelector(IDisputes.OperatorsDiffer.selector, actor.id, other.id));
        disputes.proveEquivocation(left, right);
    }

    function test_revertsWhenASignatureIsMalformed() public {
        (SignedResult memory left, SignedResult memory right) = _signed();
        left.signature = new bytes(64);
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 64));
        disputes.proveEquivocation(left, right);
        left.signature = new bytes(65);
        vm.expectRevert(ECDSA.ECDSAInvalidSignature.selector);
        disputes.proveEquivocation(left, right);
    }

    function test_revertsWhenASignatureIsMalleable() public {
        (SignedResult memory left, SignedResult memory right) = _signed();
        right.signature = _otherForm(right.signature);
        vm.expectPartialRevert(ECDSA.ECDSAInvalidSignatureS.selector);
        disputes.proveEquivocation(left, right);
    }

    function test_slashesAndMarks() public {
        bytes32 higher = a.outputHash > b.outputHash ? a.outputHash : b.outputHash;
        bytes32 key = keccak256(abi.encode(actor.id, release, uint8(1), keccak256("input"), higher));
        assertFalse(disputes.isPunished(key));
        (SignedResult memory left, SignedResult memory right) = _signed();
        vm.expectEmit(address(disputes));
        emit IDisputes.EquivocationProved(actor.id, release, key, a.outputHash, b.outputHash, challenger, STAKE / 2);
        vm.prank(challenger);
        assertEq(disputes.proveEquivocation(left, right), STAKE / 2);
        assertTrue(disputes.isPunished(key));
        assertEq(operators.awardOf(challenger), 3750 ether);
        assertTrue(_standing(actor).jailed);
    }

    function test_rule03_thePauseDoesNotStopIt() public {
        vm.prank(guardian);
        (bool paused, ) = address(requests).call(abi.encodeWithSignature("pause(uint40)", 7 days));
        assertTrue(paused);
        _prove();
    }

    function test_rule07_evidenceDiesBeforeTheStakeCanLeave() public {
        vm.prank(actor.owner);
        operators.unbond(actor.id, STAKE);
        vm.warp(uint256(a.validUntil) + DISPUTE_WINDOW);
        assertEq(_prove(), STAKE / 2);
    }

    function test_rule26_anApproximateReleaseNeedsOneContext() public {
        b.context = keccak256("another context");
        _expectRevert(abi.encodeWithSelector(IDisputes.ContextsDiffer.selector, CONTEXT, b.context));
        (a.context, b.context) = (bytes32(0), bytes32(0));
        _expectRevert(abi.encodeWithSelector(IDisputes.ContextsDiffer.selector, 0, 0));
        a.context = CONTEXT;
        _expectRevert(abi.encodeWithSelector(IDisputes.ContextsDiffer.selector, CONTEXT, 0));
    }

    /// No release is exact yet, so the hub is made to say so.
    function test_rule26_anExactReleaseNeedsNone() public {
        vm.mockCall(address(hub), abi.encodeCall(IModelHub.isExact, (release)), abi.encode(true));
        (a.context, b.context) = (bytes32(0), keccak256("another context"));
        _prove();
    }

    function test_rule26_modePriceAndValidityAreNotCompared() public {
        (b.fee, b.maxCover, b.validUntil) = (2 * FEE, 1 ether, a.validUntil - 5);
        _prove();
    }

    /// An operator that forgot what it signed recomputes the same output.
    function test_rule26_losingTheLedgerOfAnExactReleaseIsNoOffence() public {
        vm.mockCall(address(hub), abi.encodeCall(IModelHub.isExact, (release)), abi.encode(true));
        (b.outputHash, b.context, b.validUntil) = (a.outputHash, 0, a.validUntil + 60);
        _expectRevert(abi.encodeWithSelector(IDisputes.OutputsSame.selector, a.outputHash));
    }

    function test_rule29_anOutputIsPunishedOnceHoweverManyWereGivenIt() public {
        _prove();
        bytes32 higher = a.outputHash > b.outputHash ? a.outputHash : b.outputHash;
        bytes32 key = keccak256(abi.encode(actor.id, release, uint8(1), a.inputHash, higher));
        bytes memory punished = abi.encodeWithSelector(IDisputes.AlreadyPunished.selector, key);
        _expectRevert(punished);
        (a.outputHash, b.outputHash) = (b.outputHash, a.outputHash);
        _expectRevert(punished);
        (a.context, b.context) = (keccak256("another caller"), keccak256("another caller"));
        (a.fee, b.fee) = (1 ether, 2 ether);
        _expectRevert(punished);
    }

    /// One cheap slash must not make every later lie about the same input free.
    function test_rule29_aFurtherOutputIsPunishedAgain() public {
        (a.outputHash, b.outputHash) = (bytes32(uint256(1)), bytes32(uint256(2)));
        _prove();
        b.outputHash = bytes32(uint256(3));
        _prove();
        assertEq(operators.slashCountOf(actor.id), 2);
    }

    /// Whatever pairs are proved in whatever order, n outputs cost n − 1 slashes.
    function testFuzz_rule29_allOutputsButOneArePunishedOnce(uint256 seed) public {
        uint256 count = bound(seed, 2, 5);
        for (uint256 i; i < 40; ++i) {
            uint256 pair = uint256(keccak256(abi.encode(seed, i)));
            (uint256 left, uint256 right) = (pair % count, (pair >> 128) % count);
            if (left != right) _tryPair(seed, left, right);
        }
        for (uint256 i; i < count; ++i) {
            for (uint256 j; j < i; ++j) _tryPair(seed, i, j);
        }
        assertEq(operators.slashCountOf(actor.id), count - 1);
    }

    /// The share of the challenger stays below the slash.
    function test_rule30_provingAgainstOneselfCosts() public {
        (SignedResult memory left, SignedResult memory right) = _signed();
        vm.prank(actor.owner);
        disputes.proveEquivocation(left, right);
        operators.collectAward(actor.owner);
        assertEq(opg.balanceOf(actor.owner) + _standing(actor).stake * GRAIN, STAKE - 21_250 ether);
    }

    function _tryPair(uint256 seed, uint256 left, uint256 right) private {
        a.outputHash = keccak256(abi.encode(seed, "output", left));
        b.outputHash = keccak256(abi.encode(seed, "output", right));
        (SignedResult memory first, SignedResult memory second) = _signed();
        try disputes.proveEquivocation(first, second) {} catch (bytes memory reason) {
            assertEq(bytes4(reason), IDisputes.AlreadyPunished.selector);
        }
    }

    function _signed() private view returns (SignedResult memory, SignedResult memory) {
        return (_sign(actor.signerKey, a), _sign(actor.signerKey, b));
    }

    function _prove() private returns (uint256) {
        (SignedResult memory left, SignedResult memory right) = _signed();
        vm.prank(challenger);
        return disputes.proveEquivocation(left, right);
    }

    function _expectRevert(bytes memory reason) private {
        (SignedResult memory left, SignedResult memory right) = _signed();
        vm.expectRevert(reason);
        disputes.proveEquivocation(left, right);
    }
}
