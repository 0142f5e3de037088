// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IExactMachine} from "../interfaces/IExactMachine.sol";
import {BlobStream} from "./BlobStream.sol";
import {Border} from "./Border.sol";
import {Checkpoints} from "./Checkpoints.sol";
import {CopyStep} from "./CopyStep.sol";
import {DenseStep} from "./DenseStep.sol";
import {FillStep} from "./FillStep.sol";
import {Graph, Graphs} from "./Graph.sol";
import {MachineMemory} from "./MachineMemory.sol";
import {MapStep} from "./MapStep.sol";
import {ReduceStep} from "./ReduceStep.sol";
import {Step, Steps} from "./Steps.sol";
import {TableStep} from "./TableStep.sol";
import {ZipStep} from "./ZipStep.sol";

/// @title ExactMachine
/// @notice Owns no state. It reads code at addresses that digests decide, trusts none of it, and calls nobody.
contract ExactMachine is IExactMachine {
    /// @inheritdoc IExactMachine
    address public immutable BLOB_STORE;

    constructor(address blobStore) {
        BLOB_STORE = blobStore;
    }

    /// @inheritdoc IExactMachine
    function isReady(bytes32 graphRoot) external view returns (bool) {
        MachineMemory.reserve();
        return Graphs.isRunnable(BLOB_STORE, graphRoot) && BlobStream.isStored(Graphs.load(BLOB_STORE, graphRoot));
    }

    /// @inheritdoc IExactMachine
    function gasBoundOf(bytes32 graphRoot) external view returns (uint256) {
        MachineMemory.reserve();
        return Graphs.load(BLOB_STORE, graphRoot).gasBound;
    }

    /// @inheritdoc IExactMachine
    function programBytesOf(bytes32 graphRoot) external view returns (uint256) {
        MachineMemory.reserve();
        return Graphs.load(BLOB_STORE, graphRoot).programBytes;
    }

    /// @inheritdoc IExactMachine
    function evaluate(bytes32 graphRoot, bytes calldata input) external view returns (bytes memory) {
        MachineMemory.reserve();
        Graph memory graph = _open(graphRoot);
        Border.load(graph, input);
        for (uint256 pc; pc < graph.programBytes;) {
            Steps.focus(graph, pc);
            Step memory step = Steps.read(graph, pc);
            _execute(graph, step, pc);
            pc = step.nextPc;
        }
        return Border.save(graph);
    }

    /// @inheritdoc IExactMachine
    function run(
        bytes32 graphRoot,
        uint256 pc,
        bytes calldata state,
        uint256 gasReserve
    ) external view returns (uint256, bytes memory) {
        MachineMemory.reserve();
        Graph memory graph = _open(graphRoot);
        require(pc < graph.programBytes, ProgramCounterInvalid(pc, graph.programBytes));
        graph.pc = pc;
        Steps.focus(graph, pc);
        Step memory step = Steps.read(graph, pc);
        if (pc == 0) Border.load(graph, state);
        else Checkpoints.load(graph, step, state);

        while (true) {
            _execute(graph, step, pc);
            pc = step.nextPc;
            if (pc == graph.programBytes) return (pc, Border.save(graph));
            Steps.focus(graph, pc);
            step = Steps.read(graph, pc);
            if (!_isAffordable(graph, step, gasReserve)) break;
        }
        graph.pc = pc;
        return (pc, Checkpoints.save(graph, step));
    }

    function _open(bytes32 graphRoot) private view returns (Graph memory graph) {
        graph = Graphs.load(BLOB_STORE, graphRoot);
        Steps.open(graph);
        Graphs.openArena(graph);
    }

    /// @dev The step, and saving what is alive after it.
    function _isAffordable(Graph memory graph, Step memory step, uint256 gasReserve) private view returns (bool) {
        uint256 saving =
            step.nextPc == graph.programBytes ? Border.gasOf(graph) : Checkpoints.gasOf(Steps.read(graph, step.nextPc));
        uint256 needed = step.gasBound + saving;
        return gasReserve < gasleft() && gasleft() - gasReserve >= needed;
    }

    /// @dev What a step allocates is free again after it.
    function _execute(Graph memory graph, Step memory step, uint256 pc) private view {
        uint256 free = MachineMemory.mark();
        graph.pc = pc;
        (uint256 opcode, uint256 body, uint256 end) = (step.opcode, step.body, step.end);
        if (opcode == 3) DenseStep.run(graph, body, end);
        else if (opcode == 2) CopyStep.run(graph, body, end);
        else if (opcode == 4) MapStep.run(graph, body, end);
        else if (opcode == 5) ZipStep.run(graph, body, end);
        else if (opcode == 7) ReduceStep.run(graph, body, end);
        else if (opcode == 6) TableStep.run(graph, body, end);
        else if (opcode == 1) FillStep.run(graph, body, end);
        else revert StepMalformed(pc);
        MachineMemory.release(free);
    }
}
