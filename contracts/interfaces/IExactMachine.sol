// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IExactMachine
/// @notice Runs the lowered graphs of exact models: the one definition of what such a model answers.
/// @dev A graph is named by the digest of its root blob, which lists the blobs of its program and constants; all live
/// in the machine's blob store. Integer arithmetic alone: the answer has the same bits as ONNX Runtime gives for the
/// `.onnx` file on any CPU. The format is in `docs/exact-machine.md`.
/// The machine holds no state and calls no contract. Whoever publishes a graph chooses its bytes: what breaks the
/// format ends in an error below or with the gas.
/// @dev Warning: only a graph that is the lowering of its `.onnx` file has that file's meaning, and the machine cannot
/// know. Whoever rests money on a graph recomputes its root.
interface IExactMachine {
    /// No blob of that digest is stored, or one of another length than the graph needs.
    error GraphBlobMissing(bytes32 digest);
    /// The root is of a lowering that this machine does not run.
    error GraphVersionUnknown(uint256 version);
    /// The root breaks the format.
    error GraphMalformed(bytes32 graphRoot);
    /// The step at this program counter breaks the format.
    error StepMalformed(uint256 pc);
    /// The step at this program counter, or a segment that is alive before it, reaches outside the arena.
    error StepOutsideArena(uint256 pc);
    /// The step at this program counter looks up an index that its table does not have.
    error StepIndexOutOfRange(uint256 pc, int256 index);
    /// The graph reads past its last blob.
    error StreamExceeded(uint256 position, uint256 length, uint256 streamBytes);
    /// There is nothing left to run from this program counter on.
    error ProgramCounterInvalid(uint256 pc, uint256 programBytes);
    /// The input is not the canonical encoding of tensors of exactly the graph's types and shapes.
    error InputInvalid(bytes32 graphRoot);
    /// The program gives an output of bools another value than 0 and 1.
    error OutputInvalid(bytes32 graphRoot);
    /// The checkpoint is not as long as the segments that are alive at its program counter.
    error StateLengthWrong(uint256 length, uint256 expected);

    /// @notice The address of the blob store that graphs are read from.
    function BLOB_STORE() external view returns (address);

    /// @notice Whether all of the graph is stored and of a version that this machine runs.
    function isReady(bytes32 graphRoot) external view returns (bool);

    /// @notice What one whole evaluation costs inside the machine at most, as the graph declares it.
    /// @dev Warning: the publisher wrote it; it is right where the graph is the lowering of its file.
    function gasBoundOf(bytes32 graphRoot) external view returns (uint256);

    /// @notice The length of the graph's program, which is the program counter of a finished run.
    function programBytesOf(bytes32 graphRoot) external view returns (uint256);

    /// @notice The graph's output for `input`, both in the canonical encoding of tensors.
    function evaluate(bytes32 graphRoot, bytes calldata input) external view returns (bytes memory output);

    /// @notice Runs from a checkpoint at least one step, and more while gas allows.
    /// @param pc where to go on: 0, or what an earlier run returned
    /// @param state at 0 the encoded input; else what an earlier run returned with `pc`
    /// @param gasReserve gas that the caller wants left when the run returns
    /// @return nextPc the length of the program in bytes when the run is finished
    /// @return nextState the encoded output when finished, else the elements that are alive at `nextPc`
    /// @dev Warning: any state of the right length is taken; it means something only where it came out of a run.
    function run(
        bytes32 graphRoot,
        uint256 pc,
        bytes calldata state,
        uint256 gasReserve
    ) external view returns (uint256 nextPc, bytes memory nextState);
}
