// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

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

/// @title A token whose unknown functions do nothing and succeed
contract PermissiveToken is ERC20 {
    constructor(address holder) ERC20("Permissive", "YES") {
        _mint(holder, 1_000_000e18);
    }

    // solhint-disable-next-line no-empty-blocks
    fallback() external {}
}

/// @title A token whose votes count blocks
contract BlockVotesToken is ERC20, ERC20Permit, ERC20Votes {
    constructor(address holder) ERC20("Block votes", "BV") ERC20Permit("Block votes") {
        _mint(holder, 1_000_000_000e18);
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
