// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title CarriedResults
/// @notice Results at the end of calldata: `original calldata ‖ results ‖ uint32 results.length ‖ MAGIC`.
/// @dev Warning: whoever changes the end of calldata on the way hides them. A forwarder of ERC-2771 appends the sender,
/// and each call of a multicall by delegatecall has calldata of its own; what is carried behind the outer call is then
/// not found, and the inference is missing.
library CarriedResults {
    bytes4 internal constant MAGIC = bytes4(keccak256("PIPE carried results"));
    uint256 internal constant TAIL_LENGTH = 8;

    /// @notice The results that this call carries; empty when there are none.
    function ofCall() internal pure returns (bytes calldata results) {
        (, results) = _find();
    }

    /// @notice True when this call ends as one that carries results, be they none at all: whoever sent it can bring
    /// what is missing.
    function isCarrying() internal pure returns (bool carrying) {
        (carrying, ) = _find();
    }

    /// @notice `callData` (without results) followed by `results`.
    function append(bytes memory callData, bytes memory results) internal pure returns (bytes memory) {
        return abi.encodePacked(callData, results, uint32(results.length), MAGIC);
    }

    /// @notice Splits what `append` put together; no results where there is no tail.
    function split(bytes calldata callData) internal pure returns (bytes calldata original, bytes calldata results) {
        uint256 size = callData.length;
        results = callData[size:];
        original = callData;
        if (size < TAIL_LENGTH || bytes4(callData[size - 4:]) != MAGIC) return (original, results);
        uint256 length = uint32(bytes4(callData[size - TAIL_LENGTH:size - 4]));
        if (length > size - TAIL_LENGTH) return (original, results);
        original = callData[:size - TAIL_LENGTH - length];
        results = callData[size - TAIL_LENGTH - length:size - TAIL_LENGTH];
    }

    /// @dev In assembly, since it stands in the way of every inference.
    function _find() private pure returns (bool found, bytes calldata results) {
        uint32 magic = uint32(MAGIC);
        assembly ("memory-safe") {
            results.offset := 0
            results.length := 0
            let size := calldatasize()
            // A selector stands before the tail.
            if gt(size, 11) {
                let tail := shr(192, calldataload(sub(size, 8)))
                let length := shr(32, tail)
                if and(eq(and(tail, 0xffffffff), magic), iszero(gt(length, sub(size, 12)))) {
                    found := 1
                    results.length := length
                    results.offset := sub(sub(size, 8), length)
                }
            }
        }
    }
}
