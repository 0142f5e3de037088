// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that keeps 1 % of what is transferred, or of what others transfer alone
contract TaxedToken is ERC20 {
    bool private immutable _ownTransfersAreFree;

    constructor(address holder, bool ownTransfersAreFree) ERC20("Taxed", "TAX") {
        _ownTransfersAreFree = ownTransfersAreFree;
        _mint(holder, 1_000_000e18);
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        _transfer(msg.sender, to, value);
        if (!_ownTransfersAreFree) _transfer(to, address(this), value / 100);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        super.transferFrom(from, to, value);
        _transfer(to, address(this), value / 100);
        return true;
    }
}
