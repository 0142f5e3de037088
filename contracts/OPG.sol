// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {ERC20VotesInSeconds} from "./governance/ERC20VotesInSeconds.sol";

/// @title The network's token
/// @notice ERC-20 with permit and votes. The whole supply is minted once, here; nothing can mint again, and slashed
/// stake is burned for good.
contract OPG is ERC20, ERC20Permit, ERC20VotesInSeconds, ERC20Burnable {
    uint256 public constant SUPPLY = 1_000_000_000e18;

    error HolderZero();

    /// @param holder receives the whole supply; `TokenGenesis`, which hands it out at once
    constructor(address holder) ERC20("OpenGradient", "OPG") ERC20Permit("OpenGradient") {
        require(holder != address(0), HolderZero());
        _mint(holder, SUPPLY);
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
