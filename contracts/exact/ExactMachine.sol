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
import {Steps} from "./Steps.sol";
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
        return Graphs.isRunnable(BLOB_STORE, graphRoot) && BlobStream.isStored(_load(graphRoot));
    }

    /// @inheritdoc IExactMachine
    function gasBoundOf(bytes32 graphRoot) external view returns (uint256) {
        return _load(graphRoot).gasBound;
    }

    /// @inheritdoc IExactMachine
    function programBytesOf(bytes32 graphRoot) external view returns (uint256) {
        return _load(graphRoot).programBytes;
    }

    /// @inheritdoc IExactMachine
    function evaluate(bytes32 graphRoot, bytes calldata input) external view returns (bytes memory) {
        Graph memory graph;
        MachineMemory.reserve();
        Graphs.load(graph, BLOB_STORE, graphRoot);
        if (graph.programBytes != 0) Steps.open(graph, 0);
        Graphs.openArena(graph);
        Border.load(graph, input);
        for (uint256 pc; pc < graph.programBytes;) pc = _execute(graph, Steps.stepAt(graph, pc), pc);
        return Border.save(graph);
    }

    /// @inheritdoc IExactMachine
    function run(
        bytes32 graphRoot,
        uint256 pc,
        bytes calldata state,
        uint256 gasReserve
    ) external view returns (uint256, bytes memory) {
        Graph memory graph;
        MachineMemory.reserve();
        Graphs.load(graph, BLOB_STORE, graphRoot);
        require(pc < graph.programBytes, ProgramCounterInvalid(pc, graph.programBytes));
        Steps.open(graph, pc);
        Graphs.openArena(graph);
        graph.pc = pc;
        uint256 step = Steps.stepAt(graph, pc);
        if (pc == 0) Border.load(graph, state);
        else Checkpoints.load(graph, step, state);

        while (true) {
            pc = _execute(graph, step, pc);
            if (pc == graph.programBytes) return (pc, Border.save(graph));
            step = Steps.stepAt(graph, pc);
            if (!_isAffordable(graph, step, pc, gasReserve)) break;
        }
        graph.pc = pc;
        return (pc, Checkpoints.save(graph, step));
    }

    /// @dev The root alone, for what is asked of a graph that does not run.
    function _load(bytes32 graphRoot) private view returns (Graph memory graph) {
        MachineMemory.reserve();
        Graphs.load(graph, BLOB_STORE, graphRoot);
    }

    /// @dev The step, and saving what is alive after it.
    function _isAffordable(
        Graph memory graph,
        uint256 step,
        uint256 pc,
        uint256 gasReserve
    ) private view returns (bool) {
        unchecked {
            uint256 nextPc = pc + Steps.bytesOf(step);
            uint256 saving =
                nextPc == graph.programBytes ? Border.gasOf(graph) : Checkpoints.gasOf(Steps.peek(graph, nextPc));
            uint256 needed = Steps.gasBoundOf(step) + saving;
            return gasReserve < gasleft() && gasleft() - gasReserve >= needed;
        }
    }

    /// @dev What a step allocates is free again after it. Returns the program counter after the step.
    function _execute(Graph memory graph, uint256 step, uint256 pc) private view returns (uint256 nextPc) {
        uint256 free = MachineMemory.mark();
        graph.pc = pc;
        (uint256 opcode, uint256 body, uint256 size) = (Steps.opcodeOf(step), Steps.bodyOf(step), Steps.bytesOf(step));
        uint256 end;
        unchecked {
            nextPc = pc + size;
            end = step + size;
        }
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
