// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "./interfaces/IOperators.sol";

/// @title ResultDomain
/// @notice The EIP-712 domain of `Operators`, read once; again when the chain's id is no longer what it was, so that
/// after a fork what was signed for one chain does not count on the other.
abstract contract ResultDomain {
    IOperators private immutable _anchor;
    bytes32 private immutable _separator;
    uint256 private immutable _chainId;

    constructor(IOperators operators) {
        _anchor = operators;
        _separator = operators.domainSeparator();
        _chainId = block.chainid;
    }

    function _domainSeparator() internal view returns (bytes32) {
        return block.chainid == _chainId ? _separator : _anchor.domainSeparator();
    }
}
