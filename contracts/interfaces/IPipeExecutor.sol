// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Call} from "./IPipe.sol";

/// @title Who makes the calls of `IPipe.execute`
/// @dev Warning: anyone can make it call anything. An approval, a role or a balance given to it is given to everybody.
interface IPipeExecutor {
    /// @notice Only `Pipe` may use the executor.
    error NotPipe(address caller);
    /// @notice The call goes to an account without code, which would succeed and do nothing.
    error TargetWithoutCode(address target);
    /// @notice The caller does not take the coin that its calls left over.
    error RefundFailed(address to, uint256 amount);

    /// @notice Makes the calls in order; one that fails reverts all with its error. Only `Pipe`.
    /// @param refundTo gets the coins that the calls left over
    /// @return returned what each call returned
    function run(Call[] calldata calls, address payable refundTo) external payable returns (bytes[] memory returned);

    function PIPE() external view returns (address);
}
