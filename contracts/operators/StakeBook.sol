// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IOPG} from "../interfaces/IOPG.sol";
import {IOperators, Operator, Standing} from "../interfaces/IOperators.sol";
import {GRAIN} from "../types/Grain.sol";

/// @title StakeBook
/// @notice Owns who an operator is and what it has at stake, for what inherits it: registry, offers, covers, slashes.
abstract contract StakeBook is IOperators, AccessManaged {
    IOPG public immutable override OPG_TOKEN;
    uint256 private immutable _grainsPerSlot;

    uint64 internal _unburnedGrains;
    mapping(address signer => Standing standing) internal _standings;
    mapping(uint32 operatorId => Operator operator) internal _operators;

    constructor(IOPG opg, uint256 grainsPerSlot) {
        OPG_TOKEN = opg;
        _grainsPerSlot = grainsPerSlot;
    }

    function _requireOwner(uint32 operatorId) internal view returns (Operator storage operator) {
        operator = _operators[operatorId];
        require(operator.signer != address(0), OperatorUnknown(operatorId));
        require(operator.owner == msg.sender, NotOperatorOwner(operatorId, msg.sender));
    }

    /// @dev Keeps `slots · stakePerSlot ≤ stake` when stake that counts goes away.
    function _trimSlots(uint32 operatorId, Standing memory standing) internal {
        uint256 carried = _countingGrains(standing) / _grainsPerSlot;
        if (standing.slots <= carried) return;
        standing.slots = uint16(carried);
        emit SlotsSet(operatorId, uint16(carried));
    }

    function _requireCarried(uint16 slots, uint256 stakeGrains) internal view {
        uint256 needed = slots * _grainsPerSlot;
        require(needed <= stakeGrains, SlotsBeyondStake(slots, needed * GRAIN, stakeGrains * GRAIN));
    }

    /// @dev Grains of active stake without what is set aside for covers.
    function _countingGrains(Standing memory standing) internal pure returns (uint256) {
        return standing.stake - _shareOf(standing.stake, standing.coverPercent);
    }

    /// @dev Rounded down; so shares together are no more than the share of all percents.
    function _shareOf(uint256 stakeGrains, uint256 percent) internal pure returns (uint256) {
        return (stakeGrains * percent) / 100;
    }
}
