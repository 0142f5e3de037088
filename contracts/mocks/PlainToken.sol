// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title An OPG that was there before: ERC-20 and nothing else
contract PlainToken is ERC20 {
    uint8 private immutable _decimals;

    constructor(address holder, uint256 supply, uint8 decimals_) ERC20("Plain OPG", "OPG") {
        _decimals = decimals_;
        _mint(holder, supply);
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
