// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {Matured, Pot, Pots} from "../../../contracts/libraries/Pots.sol";

/// One pot of one operator, whose slashes are kept here, as `Operators` keeps them.
contract PotsHarness {
    using Pots for Pot;

    uint256 public constant WINDOW = 1 days;
    Pot private _pot;
    Matured private _matured;
    uint40[] private _slashes;

    function slash() external {
        _slashes.push(uint40(block.timestamp));
    }

    function slashedAt(uint32, uint256 index) external view returns (uint40) {
        return _slashes[index];
    }

    function slashCount() public view returns (uint16) {
        return uint16(_slashes.length);
    }

    function tryAdd(uint256 total, uint256 royalty) external returns (bool) {
        return _pot.tryAdd(slashCount(), WINDOW, total, royalty);
    }

    function roll() external {
        _pot.roll(_matured, IOperators(address(this)), 1, slashCount(), WINDOW);
    }

    function preview() external view returns (Pot memory, Matured memory) {
        return Pots.preview(_pot, _matured, IOperators(address(this)), 1, slashCount(), WINDOW);
    }

    function pot() external view returns (Pot memory) {
        return _pot;
    }

    function matured() external view returns (Matured memory) {
        return _matured;
    }
}
