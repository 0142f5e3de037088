// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {
    Arithmetic,
    Contributor,
    IModelHub,
    ModelFile,
    ReleaseContent,
    ReleaseStatus,
    TensorSpec
} from "../../../contracts/interfaces/IModelHub.sol";
import {ScriptedMachine} from "../../../contracts/mocks/ScriptedMachine.sol";
import {ModelId} from "../../../contracts/types/ModelId.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";

/// A hub with one model of `publisher` and no release.
abstract contract ModelHubFixture is Test {
    uint256 internal constant ROYALTY = 0.01 ether;
    uint256 internal constant MIN_STAKE = 1000 ether;
    uint8 internal constant VANILLA_ONLY = 1;
    uint8 internal constant ZK_ONLY = 2;
    uint8 internal constant FLOAT32 = 1;
    uint8 internal constant INT32 = 6;
    bytes32 internal constant GRAPH_ROOT = keccak256("graph");
    bytes32 internal constant DIGEST = 0xf679a7e1c72cebd7c11a9e3366ec82fe12f6b99bad87a1c97586d66a833de1b3;
    string internal constant DERIVED_ID = "bafkreihwpgt6drzm5pl4cgu6gntozax6cl3ltg5nq6q4s5mg2zvigppbwm";
    bytes32 internal constant SALT = keccak256("salt");
    ReleaseId internal constant NOWHERE = ReleaseId.wrap(keccak256("no such release"));
    ModelId internal constant NO_MODEL = ModelId.wrap(keccak256("no such model"));

    ScriptedMachine internal machine;
    IModelHub internal hub;
    ModelId internal model;
    address internal publisher = makeAddr("publisher");
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        // Not `new`: each test file would then carry and compile the whole hub again.
        machine = ScriptedMachine(deployCode("contracts/mocks/ScriptedMachine.sol:ScriptedMachine"));
        hub = IModelHub(deployCode("contracts/ModelHub.sol:ModelHub", abi.encode(machine)));
        vm.prank(publisher);
        model = hub.createModel("eth-volatility-1h");
    }

    function _content() internal pure returns (ReleaseContent memory content) {
        content.files = new ModelFile[](1);
        content.files[0] = ModelFile("model.onnx", 15_070, DIGEST, "https://models.example.org/eth-volatility-1h.onnx");
        content.inputs = new TensorSpec[](1);
        content.inputs[0] = TensorSpec("candles", FLOAT32, new int32[](3));
        (content.inputs[0].shape[0], content.inputs[0].shape[1], content.inputs[0].shape[2]) = (-1, 24, 4);
        content.outputs = new TensorSpec[](1);
        content.outputs[0] = TensorSpec("volatility", FLOAT32, new int32[](2));
        (content.outputs[0].shape[0], content.outputs[0].shape[1]) = (-1, 1);
    }

    function _exactContent() internal pure returns (ReleaseContent memory content) {
        content = _content();
        content.arithmetic = Arithmetic.Exact;
        content.exact.graphRoot = GRAPH_ROOT;
        content.exact.loweringVersion = 1;
        (content.inputs[0].dtype, content.inputs[0].shape[0]) = (INT32, 1);
        (content.outputs[0].dtype, content.outputs[0].shape[0]) = (INT32, 1);
    }

    /// Content whose schema depends on `variant`.
    function _contentOfSchema(uint256 variant) internal pure returns (ReleaseContent memory content) {
        content = _content();
        content.inputs[0].shape[1] = int32(int256(24 + variant));
    }

    function _store(uint64 gasBound) internal {
        machine.set(GRAPH_ROOT, ScriptedMachine.Script(true, 1, 0, gasBound, false));
    }

    function _withContributors(uint256 count, uint16 bps) internal pure returns (ReleaseContent memory content) {
        content = _content();
        content.contributors = new Contributor[](count);
        for (uint256 i; i < count; ++i) {
            content.contributors[i] = Contributor(address(uint160(0xc0ffee + i)), bps);
        }
    }

    function _publish() internal returns (ReleaseId) {
        return _publish(_content(), false);
    }

    function _publish(ReleaseContent memory content, bool isMajor) internal returns (ReleaseId) {
        vm.prank(publisher);
        return hub.publish(model, isMajor, content, ROYALTY, MIN_STAKE, VANILLA_ONLY, "", 0);
    }

    function _publishInModes(ReleaseContent memory content, uint8 modes) internal returns (ReleaseId) {
        vm.prank(publisher);
        return hub.publish(model, false, content, ROYALTY, MIN_STAKE, modes, "", 0);
    }

    function _publishBound(ReleaseContent memory content, string memory contentId) internal returns (ReleaseId) {
        vm.prank(publisher);
        return hub.publish(model, false, content, ROYALTY, MIN_STAKE, VANILLA_ONLY, contentId, SALT);
    }

    function _commitmentOf(address account, string memory contentId) internal pure returns (bytes32) {
        return keccak256(abi.encode(account, contentId, SALT));
    }

    /// Commits as the publisher and waits until it may bind.
    function _commit(string memory contentId) internal {
        vm.prank(publisher);
        hub.commitContent(_commitmentOf(publisher, contentId));
        skip(hub.COMMIT_DELAY());
    }

    function _setStatus(ReleaseId release, ReleaseStatus status) internal {
        vm.prank(publisher);
        hub.setStatus(release, status);
    }

    function _moveOwnership(address heir) internal {
        vm.prank(publisher);
        hub.offerOwnership(model, heir);
        vm.prank(heir);
        hub.acceptOwnership(model);
    }

    function _expectModelUnknown() internal {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ModelUnknown.selector, NO_MODEL));
    }

    function _expectReleaseUnknown() internal {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseUnknown.selector, NOWHERE));
    }

    function assertEq(ReleaseId left, ReleaseId right) internal pure {
        assertEq(ReleaseId.unwrap(left), ReleaseId.unwrap(right));
    }

    function assertEq(ModelId left, ModelId right) internal pure {
        assertEq(ModelId.unwrap(left), ModelId.unwrap(right));
    }

    function assertEq(ReleaseStatus left, ReleaseStatus right) internal pure {
        assertEq(uint256(left), uint256(right));
    }
}
