// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Call} from "./interfaces/IPipe.sol";
import {IPipeExecutor} from "./interfaces/IPipeExecutor.sol";

/// @title PipeExecutor
/// @notice Owns nothing and may do nothing: it makes the calls of `Pipe.execute`, so that `Pipe` makes none. Whatever
/// is given to it, by approval, deposit or transfer, belongs to whoever takes it first.
contract PipeExecutor is IPipeExecutor {
    address public immutable override PIPE = msg.sender;

    /// @dev A target may pay back what it did not need.
    receive() external payable {}

    /// @inheritdoc IPipeExecutor
    function run(
        Call[] calldata calls,
        address payable refundTo
    ) external payable override returns (bytes[] memory returned) {
        require(msg.sender == PIPE, NotPipe(msg.sender));
        // What was here before is not the caller's, and none of its concern where it cannot take coins.
        uint256 before = address(this).balance - msg.value;
        returned = new bytes[](calls.length);
        for (uint256 i; i < calls.length; ++i) returned[i] = _make(calls[i]);
        if (address(this).balance > before) _refund(refundTo, address(this).balance - before);
    }

    function _make(Call calldata call_) private returns (bytes memory) {
        // A call to nothing succeeds, and would look like work done.
        (address target, bytes calldata data) = (call_.target, call_.data);
        require(data.length == 0 || target.code.length != 0, TargetWithoutCode(target));
        (bool success, bytes memory returned) = target.call{value: call_.value}(data);
        if (success) return returned;
        assembly ("memory-safe") {
            revert(add(returned, 32), mload(returned))
        }
    }

    function _refund(address payable to, uint256 amount) private {
        (bool success, ) = to.call{value: amount}("");
        require(success, RefundFailed(to, amount));
    }
}
