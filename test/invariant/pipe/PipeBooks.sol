// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Earnings} from "../../../contracts/interfaces/IEscrow.sol";
import {ReleaseTerms} from "../../../contracts/interfaces/IModelHub.sol";
import {SignerStatus, Standing} from "../../../contracts/interfaces/IOperators.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Actor, NetworkFixture} from "../../unit/support/NetworkFixture.sol";
import {Item, PipeFixture} from "../../unit/Pipe/PipeFixture.sol";
import {Ledger, Payment} from "../Ledger.sol";

/// Results that an act brings, and what the model knows about them.
struct Load {
    address payer;
    CarryingConsumer consumer;
    Actor by;
    Item[] items;
    /// One bundle, or two of the same.
    bytes results;
    /// Wei, each result once.
    uint256 fees;
    /// Signed, proved and backed as it must be; whether there is money is another matter.
    bool holds;
}

/// The model of PIPE's money: balances, budgets, what each block took from a budget, and what was earned.
abstract contract PipeBooks is PipeFixture, Ledger {
    address[] internal users;
    CarryingConsumer[] internal consumers;

    mapping(address payer => mapping(address consumer => uint256 amount)) internal budget;
    mapping(address payer => mapping(address consumer => uint256 amount)) internal blockLimit;
    mapping(bytes32 payerConsumerBlock => uint256 amount) internal spentIn;
    uint256 internal lost;
    uint256 internal gifts;
    /// Number of the block; several acts share one.
    uint256 internal height;

    function setUp() public virtual override(PipeFixture, NetworkFixture) {
        super.setUp();
    }

    /// Books what was loaded for the payer's own money.
    function _bookBalance(Load memory load) internal {
        balance[load.payer] -= int256(load.fees);
        _bookEarned(load);
    }

    /// Books what was carried, and holds it against the limit of the block.
    function _bookBudget(Load memory load) internal {
        address spender = address(load.consumer);
        bytes32 key = keccak256(abi.encode(load.payer, spender, height));
        _breach(budget[load.payer][spender] < load.fees, 2, "a budget paid what it did not hold");
        budget[load.payer][spender] -= load.fees;
        spentIn[key] += load.fees;
        _breach(spentIn[key] > blockLimit[load.payer][spender], 4, "a block took more than it may");
        _bookEarned(load);
    }

    function _budgetPays(Load memory load) internal view returns (bool) {
        address spender = address(load.consumer);
        uint256 spent = spentIn[keccak256(abi.encode(load.payer, spender, height))];
        return budget[load.payer][spender] >= load.fees && spent + load.fees <= blockLimit[load.payer][spender];
    }

    /// Whether the operator could answer for the release now.
    function _couldServe(Actor memory actor, ReleaseId release_) internal view returns (bool) {
        Standing memory standing = operators.standingOf(actor.signer);
        ReleaseTerms memory terms = hub.termsOf(release_);
        uint256 minimum = terms.minStake > MINIMUM_STAKE ? terms.minStake : MINIMUM_STAKE;
        return standing.status == SignerStatus.Active && !standing.jailed && standing.stake * GRAIN >= minimum;
    }

    function _isRepeat(Item[] memory items, uint256 index) internal pure returns (bool) {
        for (uint256 i; i < index; ++i) {
            if (items[i].release == items[index].release && keccak256(items[i].input) == keccak256(items[index].input))
                return true;
        }
        return false;
    }

    function _bookEarned(Load memory load) private {
        for (uint256 i; i < load.items.length; ++i) {
            if (_isRepeat(load.items, i)) continue;
            ReleaseId release_ = load.items[i].release;
            uint256 royalty = hub.termsOf(release_).royalty / GRAIN;
            _bookPayment(load.by.id, release_, load.items[i].fee / GRAIN, royalty);
        }
    }

    // What the invariants read

    /// All that is owed, and all that is held.
    function owedAndHeld() external view returns (uint256 owed, uint256 held) {
        for (uint256 i; i < accounts.length; ++i) {
            owed += money.balanceOf(accounts[i]);
            for (uint256 j; j < consumers.length; ++j) {
                owed += pipe.budgetOf(accounts[i], address(consumers[j])).balance;
            }
        }
        owed += _allEarnings() + money.unburned() + gifts;
        held = opg.balanceOf(address(pipe));
    }

    /// Accounts whose balance, budgets or tokens are not what the model expects.
    function movedMoney() external view returns (uint256 moved) {
        for (uint256 i; i < accounts.length; ++i) {
            address account = accounts[i];
            if (int256(money.balanceOf(account)) != balance[account]) ++moved;
            if (int256(opg.balanceOf(account)) != wallet[account]) ++moved;
            for (uint256 j; j < consumers.length; ++j) {
                address spender = address(consumers[j]);
                if (pipe.budgetOf(account, spender).balance != budget[account][spender]) ++moved;
                if (pipe.budgetOf(account, spender).blockLimit != blockLimit[account][spender]) ++moved;
            }
        }
        if (money.unburned() != lost) ++moved;
    }

    /// What was paid by the model's reckoning, and what the contract has divided of it or still keeps.
    function earned() external view returns (uint256 expected, uint256 actual) {
        return (paidGross, claimedGross + _allEarnings());
    }

    /// Pots whose matured, unripe or forfeited part is not what time has made of it.
    function pocketsAstray() external view returns (uint256 astray) {
        for (uint256 i; i < actors.length; ++i) {
            for (uint256 j; j < releases.length; ++j) {
                Earnings memory given = money.earningsOf(actors[i].id, releases[j]);
                Earnings memory expected = _expectedEarnings(actors[i].id, releases[j]);
                if (keccak256(abi.encode(given)) != keccak256(abi.encode(expected))) ++astray;
            }
        }
    }

    /// The executor at rest: no coins, tokens, balance or execution.
    function executorsHoldings() external view returns (uint256) {
        address executor = pipe.executor();
        uint256 held = executor.balance + opg.balanceOf(executor) + money.balanceOf(executor);
        return held + opg.allowance(address(pipe), executor) + (pipe.isExecuting() ? 1 : 0);
    }

    function now_() external view returns (uint256, uint256) {
        return (clock, height);
    }

    function _expectedEarnings(uint32 id, ReleaseId release_) private view returns (Earnings memory expected) {
        Payment[] storage list = payments[id][release_];
        for (uint256 i; i < list.length; ++i) {
            if (list[i].claimed) continue;
            uint256 total = list[i].total * GRAIN;
            if (!list[i].forfeited && !_isRipe(list[i].paidAt)) expected.unripe += total;
            else expected.matured += total;
            if (list[i].forfeited) expected.forfeited += total;
        }
    }

    function _allEarnings() private view returns (uint256 sum) {
        for (uint256 i; i < actors.length; ++i) {
            for (uint256 j; j < releases.length; ++j) {
                Earnings memory earnings = money.earningsOf(actors[i].id, releases[j]);
                sum += earnings.matured + earnings.unripe;
            }
        }
    }
}
