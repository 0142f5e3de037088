// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token whose unknown functions do nothing and succeed
contract PermissiveToken is ERC20 {
    constructor(address holder) ERC20("Permissive", "YES") {
        _mint(holder, 1_000_000e18);
    }

    // solhint-disable-next-line no-empty-blocks, payable-fallback
    fallback() external {}
}
