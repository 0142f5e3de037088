// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IExactMachine} from "../../../contracts/interfaces/IExactMachine.sol";
import {IOnChainModel} from "../../../contracts/interfaces/IOnChainModel.sol";
import {IOnChainModels} from "../../../contracts/interfaces/IOnChainModels.sol";

/// Answers with its input; cannot be made for a root of zero.
contract EchoModel is IOnChainModel {
    bytes32 public override graphRoot;

    constructor(bytes32 root) {
        require(root != bytes32(0), InputInvalid(root));
        graphRoot = root;
    }

    function evaluate(bytes calldata input) external pure override returns (bytes memory) {
        return input;
    }
}

contract NoModel {
    uint256 public number = 7;
}

contract DeployTest is Test {
    bytes32 private constant ROOT = keccak256("graph");

    IOnChainModels private models;
    address private machine = makeAddr("machine");

    function setUp() public {
        models = IOnChainModels(deployCode("contracts/exact/OnChainModels.sol:OnChainModels", abi.encode(machine)));
    }

    function test_deploysToTheAddressThatTheCodeGives() public {
        bytes memory code = _codeOf(ROOT);
        address expected = models.addressOf(keccak256(code));
        assertEq(expected.code.length, 0);
        vm.expectEmit(address(models));
        emit IOnChainModels.ModelDeployed(ROOT, expected);
        assertEq(models.deploy(code), expected);
        assertEq(IOnChainModel(expected).evaluate("input"), "input");
    }

    function test_deploysTheSameOnceAndEmitsOnce() public {
        address model = models.deploy(_codeOf(ROOT));
        vm.recordLogs();
        assertEq(models.deploy(_codeOf(ROOT)), model);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function testFuzz_differentCodeIsElsewhere(bytes32 one, bytes32 other) public {
        vm.assume(one != other && one != bytes32(0) && other != bytes32(0));
        assertNotEq(models.deploy(_codeOf(one)), models.deploy(_codeOf(other)));
    }

    function test_revertsWhenTheCodeDeploysNothing() public {
        bytes memory failing = _codeOf(bytes32(0));
        vm.expectRevert(abi.encodeWithSelector(IOnChainModels.ModelNotDeployed.selector, keccak256(failing)));
        models.deploy(failing);
        vm.expectRevert(abi.encodeWithSelector(IOnChainModels.ModelNotDeployed.selector, keccak256("")));
        models.deploy("");
    }

    /// What is no model is not kept: it could not be told by its graph.
    function test_revertsWhenTheCodeIsNoModel() public {
        bytes memory code = type(NoModel).creationCode;
        vm.expectRevert();
        models.deploy(code);
        assertEq(models.addressOf(keccak256(code)).code.length, 0);
    }

    function test_revertsWhenGasEndsBeforeTheCodeIsThere() public {
        bytes memory code = _codeOf(ROOT);
        vm.expectRevert();
        models.deploy{gas: 120_000}(code);
        assertEq(models.addressOf(keccak256(code)).code.length, 0);
    }

    function test_deploysAnEntryToTheMachine() public {
        address expected = models.addressOnMachine(ROOT);
        vm.expectEmit(address(models));
        emit IOnChainModels.ModelDeployed(ROOT, expected);
        assertEq(models.deployOnMachine(ROOT), expected);
        assertEq(models.deployOnMachine(ROOT), expected);
        assertEq(IOnChainModel(expected).graphRoot(), ROOT);

        vm.mockCall(machine, abi.encodeCall(IExactMachine.evaluate, (ROOT, "input")), abi.encode(bytes("output")));
        assertEq(IOnChainModel(expected).evaluate("input"), "output");
        bytes memory refusal = abi.encodeWithSelector(IExactMachine.InputInvalid.selector, ROOT);
        vm.mockCallRevert(machine, abi.encodeCall(IExactMachine.evaluate, (ROOT, "bad")), refusal);
        vm.expectRevert(refusal);
        IOnChainModel(expected).evaluate("bad");
    }

    /// Callers need not know which kind of model refused them.
    function test_modelAndMachineRefuseAlike() public pure {
        assertEq(IOnChainModel.InputInvalid.selector, IExactMachine.InputInvalid.selector);
    }

    function _codeOf(bytes32 root) private pure returns (bytes memory) {
        return abi.encodePacked(type(EchoModel).creationCode, abi.encode(root));
    }
}
