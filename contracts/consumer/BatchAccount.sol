// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC7821} from "@openzeppelin/contracts/account/extensions/draft-ERC7821.sol";

/// @title BatchAccount
/// @notice Code that an account may delegate to (EIP-7702), to load results and use them in one transaction of its own:
/// batches of ERC-7821, by nobody but the account itself. Owns nothing; the account's storage stays empty.
contract BatchAccount is ERC7821 {
    /// @notice An account with code is still an account that may be paid.
    receive() external payable {}
}
