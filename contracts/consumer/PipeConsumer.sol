// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPipe, InferenceAnswer, InferenceQuery} from "../interfaces/IPipe.sol";
import {CarriedResults} from "./CarriedResults.sol";

/// @title PipeConsumer
/// @notice For contracts that ask models inside a transaction: the results come at the end of calldata
/// (`CarriedResults`), or were loaded before by the account that calls.
/// @dev Warning: the caller picks whose valid answer is used, and when not to bring one. What defends the contract is
/// its query (operator, mode, minimum stake), inputs that the caller cannot choose, and a fallback that is never better
/// for the caller than the answer.
/// @dev Warning: not to be joined with contracts that read the end of calldata themselves, see `CarriedResults`.
abstract contract PipeConsumer {
    IPipe public immutable PIPE;

    /// @notice The answer to an unpaid read does not continue a call.
    error ResumedCallMalformed();
    /// @notice There is no contract where `Pipe` should be.
    error PipeMissing();

    constructor(IPipe pipe) {
        PIPE = pipe;
    }

    /// @notice ERC-3668 callback of this contract's own view functions that read an inference. Returns what the
    /// function that was called returns.
    /// @dev The function runs again, called by this contract itself.
    /// @param response one bundle of context 0
    /// @param extraData the call that asked, with the results that it has so far
    function resumeRead(bytes calldata response, bytes calldata extraData) external view {
        (bytes calldata original, bytes calldata results) = CarriedResults.split(extraData);
        require(original.length >= 4, ResumedCallMalformed());
        bytes memory resumed = CarriedResults.append(original, bytes.concat(results, response));
        (bool success, bytes memory data) = address(this).staticcall(resumed);
        if (!success) _revertWith(data);
        // As the function itself returned it.
        assembly ("memory-safe") {
            return(add(data, 32), mload(data))
        }
    }

    /// @notice For whom the contract acts: whose loaded results answer, and whose budget for this contract pays for
    /// carried ones. Its caller; a contract that pays for its callers returns its own address.
    function _account() internal view virtual returns (address) {
        return msg.sender;
    }

    /// @notice The answer to `query`, canonical encoding.
    function _infer(InferenceQuery memory query) internal returns (bytes memory output) {
        bytes memory returned = _ask(abi.encodeCall(IPipe.infer, (query, _account(), CarriedResults.ofCall())));
        // What is returned is an offset, and then byte strings look the same as in memory.
        assembly ("memory-safe") {
            output := add(returned, 64)
        }
    }

    /// @notice The same for several queries that do not depend on each other: what is missing is found in one go.
    function _inferBatch(InferenceQuery[] memory queries) internal returns (bytes[] memory outputs) {
        bytes memory returned = _ask(abi.encodeCall(IPipe.inferBatch, (queries, _account(), CarriedResults.ofCall())));
        // The same for an array, but that its places hold offsets from its first place.
        assembly ("memory-safe") {
            outputs := add(returned, 64)
            let first := add(outputs, 32)
            for {
                let place := first
                let end := add(first, shl(5, mload(outputs)))
            } lt(place, end) {
                place := add(place, 32)
            } {
                mstore(place, add(first, mload(place)))
            }
        }
    }

    /// @notice The same where the contract can do without an answer.
    /// @dev Only a call that carries nothing is left without one. Everything else fails as it does in `_infer`: a
    /// result that does not hold, one that costs too much, gas that ran out; and a call that ends in an empty tail is
    /// told what it must bring, which is how a node finds out.
    function _tryInfer(InferenceQuery memory query) internal returns (bool answered, bytes memory output) {
        address account = _account();
        try PIPE.infer(query, account, CarriedResults.ofCall()) returns (bytes memory given) {
            return (true, given);
        } catch (bytes memory reason) {
            InferenceQuery[] memory queries = new InferenceQuery[](1);
            queries[0] = query;
            bytes memory missing = abi.encodeWithSelector(
                IPipe.InferenceRequired.selector,
                account,
                address(this),
                queries
            );
            if (CarriedResults.isCarrying() || keccak256(reason) != keccak256(missing)) _revertWith(reason);
            return (false, "");
        }
    }

    /// @notice An unpaid read, for view functions: by ERC-3668, with this contract as the sender of the lookup.
    /// @dev For calls, not transactions. A function may read several times, each read depending on those before.
    function _read(InferenceQuery memory query) internal view returns (InferenceAnswer memory answer) {
        bytes calldata carried = CarriedResults.ofCall();
        try PIPE.read(query, carried) returns (InferenceAnswer memory given) {
            return given;
        } catch (bytes memory reason) {
            if (bytes4(reason) != IPipe.InferenceRequired.selector) _revertWith(reason);
        }
        try PIPE.query(query) {
            assert(false);
        } catch (bytes memory reason) {
            _revertLookup(reason);
        }
    }

    /// @dev Calls `Pipe`, whose answers are taken as they were returned: it is trusted with what they say, so with
    /// their encoding as well. Decoding costs 400 gas an output.
    function _ask(bytes memory callData) private returns (bytes memory returned) {
        bool success;
        (success, returned) = address(PIPE).call(callData);
        if (!success) _revertWith(returned);
        // Where no contract is, calls succeed.
        if (returned.length < 64) revert PipeMissing();
    }

    /// @dev The lookup of `Pipe` as this contract's own: clients take one only from the contract that they called.
    function _revertLookup(bytes memory reason) private view {
        if (bytes4(reason) != IPipe.OffchainLookup.selector) _revertWith(reason);
        (, string[] memory urls, bytes memory callData, , ) = abi.decode(
            _withoutSelector(reason),
            (address, string[], bytes, bytes4, bytes)
        );
        revert IPipe.OffchainLookup(address(this), urls, callData, this.resumeRead.selector, msg.data);
    }

    function _withoutSelector(bytes memory reason) private pure returns (bytes memory arguments) {
        arguments = new bytes(reason.length - 4);
        assembly ("memory-safe") {
            mcopy(add(arguments, 32), add(reason, 36), mload(arguments))
        }
    }

    function _revertWith(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
