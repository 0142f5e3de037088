// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, ReleaseContent, ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract ConfirmExactTest is ModelHubFixture {
    uint64 private constant GAS_BOUND = 1_000_000_000;

    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.confirmExact(NOWHERE);
    }

    function test_revertsWhenExactnessWasNotDeclared() public {
        ReleaseId release = _publish();
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ExactNotDeclared.selector, release));
        hub.confirmExact(release);
    }

    function test_revertsWhenTheGraphIsNotStored() public {
        ReleaseId release = _publish(_exactContent(), false);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.GraphNotStored.selector, release, GRAPH_ROOT));
        hub.confirmExact(release);
    }

    function test_revertsWhenTheGraphCostsTooMuch() public {
        ReleaseId release = _publish(_exactContent(), false);
        _store(GAS_BOUND + 1);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.GraphTooCostly.selector, release, GAS_BOUND + 1, GAS_BOUND));
        hub.confirmExact(release);
    }

    function test_revertsWhenItIsConfirmedAlready() public {
        _store(GAS_BOUND);
        ReleaseId release = _publish(_exactContent(), false);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ExactAlreadyConfirmed.selector, release));
        hub.confirmExact(release);
    }

    function test_aGraphStoredBeforeIsExactFromThePublication() public {
        _store(GAS_BOUND);
        ReleaseId release = _publish(_exactContent(), false);
        assertTrue(hub.isExact(release));
        _requireGraph(release, block.timestamp);
    }

    function test_rule23_aLateConfirmationTakesEffectAfterTheDelay() public {
        ReleaseId release = _publish(_exactContent(), false);
        _store(GAS_BOUND);
        assertFalse(hub.isExact(release));
        (bytes32 none, uint40 never) = hub.exactGraphOf(release);
        assertEq(none, 0);
        assertEq(never, 0);

        uint40 exactFrom = uint40(block.timestamp) + hub.EXACT_DELAY();
        vm.expectEmit(address(hub));
        emit IModelHub.ReleaseConfirmedExact(release, GRAPH_ROOT, exactFrom);
        vm.prank(stranger);
        hub.confirmExact(release);
        vm.warp(exactFrom - 1);
        assertFalse(hub.isExact(release));
        vm.warp(exactFrom);
        assertTrue(hub.isExact(release));
        _requireGraph(release, exactFrom);
    }

    function test_rule23_anUnconfirmedReleaseCannotBeStable() public {
        ReleaseId release = _publish(_exactContent(), false);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ExactNotConfirmed.selector, release));
        _setStatus(release, ReleaseStatus.Stable);
        _store(GAS_BOUND);
        hub.confirmExact(release);
        _setStatus(release, ReleaseStatus.Stable);
        _setStatus(release, ReleaseStatus.Deprecated);
        _setStatus(release, ReleaseStatus.Yanked);
        assertFalse(hub.isExact(release));
        skip(hub.EXACT_DELAY());
        assertTrue(hub.isExact(release));
    }

    function test_keepsTheTermsAsTheyWere() public {
        ReleaseId release = _publish(_exactContent(), false);
        bytes memory terms = abi.encode(hub.termsOf(release), hub.recordOf(release));
        _store(GAS_BOUND);
        hub.confirmExact(release);
        assertEq(abi.encode(hub.termsOf(release), hub.recordOf(release)), terms);
    }

    function test_revertsOnDynamicShapesOfAnExactRelease() public {
        ReleaseContent memory content = _exactContent();
        content.inputs[0].shape[1] = -1;
        _expectSchema(content, 0);
        content = _exactContent();
        content.outputs[0].shape[1] = -1;
        // Offset, count, and one tensor of 24 · 4 int32.
        _expectSchema(content, 64 + 32 * 9 + 384);
    }

    function test_revertsOnFloatsInAnExactRelease() public {
        ReleaseContent memory content = _exactContent();
        content.inputs[0].dtype = FLOAT32;
        _expectSchema(content, 0);
    }

    function test_boundsTheInputOfAnExactRelease() public {
        ReleaseContent memory content = _exactContent();
        content.inputs[0].dtype = 2;
        (content.inputs[0].shape[1], content.inputs[0].shape[2]) = (1, 16_384 - 64 - 32 * 9);
        _publish(content, false);
        content.inputs[0].shape[2] += 1;
        _expectSchema(content, 16_384 + 32);
        (content.inputs[0].shape[1], content.inputs[0].shape[2]) = (type(int32).max, type(int32).max);
        _expectSchema(content, 0);
    }

    function _expectSchema(ReleaseContent memory content, uint256 encodedInput) private {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ExactSchemaInvalid.selector, encodedInput));
        vm.prank(publisher);
        hub.publish(model, true, content, ROYALTY, MIN_STAKE, VANILLA_ONLY, "", 0);
    }

    function _requireGraph(ReleaseId release, uint256 exactFrom) private view {
        (bytes32 graphRoot, uint40 from) = hub.exactGraphOf(release);
        assertEq(graphRoot, GRAPH_ROOT);
        assertEq(from, exactFrom);
    }
}
