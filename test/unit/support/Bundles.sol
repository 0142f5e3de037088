// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Merkle roots and paths of bundles, written apart from the contracts' own so that the two check each other.
library Bundles {
    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        while (leaves.length > 1) leaves = _parentsOf(leaves);
        return leaves[0];
    }

    function pathOf(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory path) {
        while (leaves.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < leaves.length) path = _append(path, leaves[sibling]);
            leaves = _parentsOf(leaves);
            index /= 2;
        }
    }

    function _parentsOf(bytes32[] memory nodes) private pure returns (bytes32[] memory parents) {
        parents = new bytes32[]((nodes.length + 1) / 2);
        for (uint256 i; i < parents.length; ++i) {
            bool isPromoted = 2 * i + 1 == nodes.length;
            parents[i] = isPromoted ? nodes[2 * i] : _pair(nodes[2 * i], nodes[2 * i + 1]);
        }
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }

    function _append(bytes32[] memory path, bytes32 node) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](path.length + 1);
        for (uint256 i; i < path.length; ++i) longer[i] = path[i];
        longer[path.length] = node;
    }
}
