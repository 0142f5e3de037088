// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Escrow} from "./Escrow.sol";
import {Budget, IPipe} from "./interfaces/IPipe.sol";
import {BudgetWord} from "./types/BudgetWord.sol";
import {GRAIN, toGrains} from "./types/Grain.sol";

/// @title Budgets
/// @notice Owns what payers set aside for consumers. A payer writes its own; spending is left to what inherits it.
abstract contract Budgets is IPipe, Escrow {
    mapping(address payer => mapping(address consumer => BudgetWord)) private _budgets;

    /// @inheritdoc IPipe
    function fundBudget(address consumer, uint256 amount, uint256 blockLimit) external override {
        uint256 grains = toGrains(amount);
        uint256 limit = toGrains(blockLimit);
        _debit(msg.sender, amount);
        BudgetWord budget = _budgets[msg.sender][consumer];
        _setBudget(msg.sender, consumer, budget.withBalance(budget.balance() + grains).withLimit(limit));
    }

    /// @inheritdoc IPipe
    function drainBudget(address consumer, uint256 amount) external override {
        BudgetWord budget = _budgets[msg.sender][consumer];
        uint256 grains = toGrains(amount);
        require(budget.balance() >= grains, BudgetTooLow(msg.sender, consumer, budget.balance() * GRAIN, amount));
        _setBudget(msg.sender, consumer, budget.withBalance(budget.balance() - grains));
        _credit(msg.sender, amount);
    }

    /// @inheritdoc IPipe
    function budgetOf(address payer, address consumer) external view override returns (Budget memory) {
        BudgetWord budget = _budgets[payer][consumer];
        return Budget(budget.balance() * GRAIN, budget.blockLimit() * GRAIN);
    }

    /// @dev Grains; within what is there and what this block may still cost.
    function _spend(address payer, address consumer, uint256 amount) internal {
        mapping(address consumer => BudgetWord) storage budgets = _budgets[payer];
        BudgetWord budget = budgets[consumer];
        uint256 spent = budget.spentIn(block.number);
        if (amount > budget.balance()) {
            revert BudgetTooLow(payer, consumer, budget.balance() * GRAIN, amount * GRAIN);
        }
        if (spent + amount > budget.blockLimit()) {
            uint256 left = budget.blockLimit() > spent ? budget.blockLimit() - spent : 0;
            revert BlockLimitReached(payer, consumer, left * GRAIN, amount * GRAIN);
        }
        budgets[consumer] = budget.spend(amount, spent, block.number);
    }

    function _setBudget(address payer, address consumer, BudgetWord budget) private {
        _budgets[payer][consumer] = budget;
        emit BudgetSet(payer, consumer, budget.balance() * GRAIN, budget.blockLimit() * GRAIN);
    }
}
