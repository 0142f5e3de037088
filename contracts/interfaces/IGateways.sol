// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "../types/ReleaseId.sol";

/// @title Where operators answer unpaid reads
/// @notice Operators write the address of their ERC-3668 gateway here; contracts cannot read it from a log.
interface IGateways {
    event GatewaySet(uint32 indexed operatorId, string url);

    /// @notice Only the owner of the operator may do this.
    error NotOperatorOwner(uint32 operatorId, address caller);
    /// @notice A gateway is reached by `https://`, or on this machine, without user names.
    error UrlInvalid(string url);

    /// @notice Owner only. Empty removes it. `https://` (or `http://` to this machine), ≤ 256 printable bytes.
    function setGateway(uint32 operatorId, string calldata url) external;

    function gatewayOf(uint32 operatorId) external view returns (string memory);

    /// @notice Gateways of operators that could serve the next call of `release`, at most 8.
    /// @param modes set of modes, bit n = mode n
    /// @param operatorId 0 = any
    /// @param minStake token wei
    function gatewaysOf(
        ReleaseId release,
        uint8 modes,
        uint32 operatorId,
        uint256 minStake
    ) external view returns (string[] memory urls);
}
