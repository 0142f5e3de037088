// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Called in the midst of an execution, it makes the planned call, which must fail.
contract HostileTarget {
    address private _target;
    bytes private _data;
    /// Whether a planned call went through.
    bool public gained;

    // solhint-disable-next-line payable-fallback
    fallback() external {
        (bool success, ) = _target.call(_data);
        if (success) gained = true;
    }

    function forget() external {
        gained = false;
    }

    function plan(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }
}
