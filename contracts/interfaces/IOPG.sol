// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title What the protocol uses of the OPG token
/// @notice Of an OPG that was there before the protocol, ERC-20 with 18 decimals is enough: what has no `burn` is sent
/// where nobody can take it, and whoever brings a permit that the token does not take is told so.
interface IOPG is IERC20, IERC20Permit {
    /// @notice The token did not take the permit, and the owner has not approved the amount either.
    error PermitRefused(address owner);

    /// @notice Destroys tokens of the caller.
    function burn(uint256 amount) external;
}
