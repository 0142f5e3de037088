// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IExactMachine} from "../interfaces/IExactMachine.sol";

/// @title ScriptedMachine
/// @notice Stands in tests for the machine: a graph is a number of hashings of one word, each of a given price.
contract ScriptedMachine is IExactMachine {
    struct Script {
        bool isReady;
        uint32 steps;
        uint64 gasPerStep;
        uint64 gasBound;
        /// Reverts with something that is not `InputInvalid`.
        bool isBroken;
    }

    address public constant override BLOB_STORE = address(0);
    uint256 private constant PACKING_GAS = 20_000;

    mapping(bytes32 graphRoot => Script script) private _scripts;

    error Broken();

    function set(bytes32 graphRoot, Script calldata script) external {
        _scripts[graphRoot] = script;
    }

    function isReady(bytes32 graphRoot) external view override returns (bool) {
        return _scripts[graphRoot].isReady;
    }

    function gasBoundOf(bytes32 graphRoot) external view override returns (uint256) {
        return _scripts[graphRoot].gasBound;
    }

    function programBytesOf(bytes32 graphRoot) external view override returns (uint256) {
        return _scripts[graphRoot].steps;
    }

    function evaluate(bytes32 graphRoot, bytes calldata input) external view override returns (bytes memory output) {
        Script memory script = _scripts[graphRoot];
        _requireUsable(graphRoot, script, 0, input);
        output = input;
        for (uint256 i; i < script.steps; ++i) output = _step(output, script.gasPerStep);
    }

    function run(
        bytes32 graphRoot,
        uint256 pc,
        bytes calldata state,
        uint256 gasReserve
    ) external view override returns (uint256 nextPc, bytes memory nextState) {
        Script memory script = _scripts[graphRoot];
        _requireUsable(graphRoot, script, pc, state);
        nextState = state;
        nextPc = pc;
        do {
            nextState = _step(nextState, script.gasPerStep);
            ++nextPc;
        } while (nextPc < script.steps && gasleft() >= script.gasPerStep + gasReserve + PACKING_GAS);
    }

    function _requireUsable(bytes32 graphRoot, Script memory script, uint256 pc, bytes calldata state) private pure {
        require(!script.isBroken, Broken());
        require(pc != 0 || state.length == 32, InputInvalid(graphRoot));
    }

    function _step(bytes memory state, uint256 price) private view returns (bytes memory) {
        uint256 gasBefore = gasleft();
        bytes32 next = keccak256(state);
        while (gasBefore - gasleft() < price) {}
        return bytes.concat(next);
    }
}
