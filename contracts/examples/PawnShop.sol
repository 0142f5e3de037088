// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {PipeConsumer} from "../consumer/PipeConsumer.sol";
import {InferenceQuery, IPipe} from "../interfaces/IPipe.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {NO_COVER} from "../types/Cover.sol";
import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {CompactPrice} from "./CompactPrice.sol";
import {DrawdownModel} from "./DrawdownModel.sol";
import {ExactVolatilityModel} from "./ExactVolatilityModel.sol";
import {HourCandle} from "./HourCandle.sol";
import {IVolatilityPool} from "./IVolatilityPool.sol";

/// @notice Tokens lent for a day against other tokens.
struct Loan {
    address borrower;
    /// Timestamp after which the lender may keep the pledge.
    uint40 dueAt;
    /// Of the pool's token0, token wei.
    uint128 pledge;
    /// Of the pool's token1, token wei; interest included.
    uint128 debt;
}

/// @notice What a shop is made for, fixed for ever.
struct PawnTerms {
    /// The pool's token0, and its token1.
    IERC20 pledged;
    IERC20 lent;
    ReleaseId volatilityRelease;
    ReleaseId drawdownRelease;
    address lender;
    /// What a loan costs, 1e18 = 100 %.
    uint256 interest;
    /// Token wei of OPG that one inference may cost.
    uint256 maxInferenceFee;
    /// Token wei of OPG that must be at stake behind each answer.
    uint256 minStake;
}

/// @title PawnShop
/// @notice An example of two models in one transaction, the second on the first one's answer: what is lent on a pledge
/// is its value less how deep it may fall before the loan is due, by a drawdown model that takes the forecast of
/// a volatility model. Nothing is liquidated: the borrower pays within a day, or the lender keeps the pledge.
/// @dev Warning: an example of the mechanism, not a way to lend. On held-out months the price fell deeper than the
/// drawdown model's forecast in 9 % of the cases, where it promises 5 %, and the model is not clearly better than
/// a constant (`models/README.md`).
/// @dev Warning: the volatility model is exact, the drawdown model is not. An operator that signs a wrong volatility
/// can be proved wrong by anybody, and loses stake. One that signs too small a drawdown, and borrows, cannot: its
/// signature names it, and that is all. Whoever lends on a float model lends on the word of its operators.
/// @dev Owns the lender's token1 and the borrowers' pledges. There is no fallback: without both answers nothing is
/// lent. A pledge counts at the lowest price of the last closed hour or at the present one, whichever is less, so
/// lifting the pool's price for less than an hour lifts no loan. The models see closed hours only.
contract PawnShop is PipeConsumer {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    uint256 private constant ONE = 1e18;
    uint256 public constant TERM = 24 hours;

    IVolatilityPool public immutable POOL;
    IERC20 public immutable PLEDGED;
    IERC20 public immutable LENT;
    ReleaseId public immutable VOLATILITY_RELEASE;
    ReleaseId public immutable DRAWDOWN_RELEASE;
    address public immutable LENDER;
    /// @notice What a loan costs, 1e18 = 100 %.
    uint256 public immutable INTEREST;
    /// @notice Token wei of OPG that one inference may cost.
    uint256 public immutable MAX_INFERENCE_FEE;
    /// @notice Token wei of OPG that must be at stake behind each answer.
    uint256 public immutable MIN_STAKE;

    Loan[] private _loans;

    event LoanOpened(uint256 indexed id, address indexed borrower, uint256 pledge, uint256 debt, uint256 drawdown);
    event LoanRepaid(uint256 indexed id);
    event PledgeClaimed(uint256 indexed id);

    /// @notice The pool has no complete day of candles yet.
    error PoolTooYoung();
    /// @notice The pledge lends less than the borrower asks for at least.
    error LoanTooSmall(uint256 amount, uint256 min);
    /// @notice There is no such loan.
    error LoanUnknown(uint256 id);
    /// @notice The loan can still be paid back.
    error LoanNotDue(uint256 id, uint256 dueAt);
    /// @notice Only the lender may do this.
    error NotLender(address caller);

    constructor(IPipe pipe, IVolatilityPool pool, PawnTerms memory terms) PipeConsumer(pipe) {
        (POOL, PLEDGED, LENT) = (pool, terms.pledged, terms.lent);
        (VOLATILITY_RELEASE, DRAWDOWN_RELEASE) = (terms.volatilityRelease, terms.drawdownRelease);
        (MAX_INFERENCE_FEE, MIN_STAKE) = (terms.maxInferenceFee, terms.minStake);
        (LENDER, INTEREST) = (terms.lender, terms.interest);
    }

    /// @notice Takes `pledge` from the caller and lends what it is good for; the lender funds it by sending LENT here.
    /// @param minAmount what the caller wants to be lent at least
    function borrow(uint128 pledge, uint256 minAmount) external returns (uint256 id, uint256 amount) {
        uint256 drawdown;
        (amount, drawdown) = _lendable(pledge);
        require(amount != 0 && amount >= minAmount, LoanTooSmall(amount, minAmount));
        id = _loans.length;
        uint256 debt = amount + Math.mulDiv(amount, INTEREST, ONE, Math.Rounding.Ceil);
        _loans.push(Loan(msg.sender, uint40(block.timestamp + TERM), pledge, debt.toUint128()));
        emit LoanOpened(id, msg.sender, pledge, debt, drawdown);
        PLEDGED.safeTransferFrom(msg.sender, address(this), pledge);
        LENT.safeTransfer(msg.sender, amount);
    }

    /// @notice Pays a loan back, late too as long as the pledge is there. Anyone may; the pledge goes to the borrower.
    function repay(uint256 id) external {
        Loan memory loan = _close(id);
        emit LoanRepaid(id);
        LENT.safeTransferFrom(msg.sender, address(this), loan.debt);
        PLEDGED.safeTransfer(loan.borrower, loan.pledge);
    }

    /// @notice The lender takes the pledge of a loan that was not paid back in time.
    function claim(uint256 id) external {
        require(msg.sender == LENDER, NotLender(msg.sender));
        Loan memory loan = _close(id);
        require(block.timestamp > loan.dueAt, LoanNotDue(id, loan.dueAt));
        emit PledgeClaimed(id);
        PLEDGED.safeTransfer(LENDER, loan.pledge);
    }

    /// @notice The lender takes back what is not lent.
    function withdraw(uint256 amount) external {
        require(msg.sender == LENDER, NotLender(msg.sender));
        LENT.safeTransfer(LENDER, amount);
    }

    function loanOf(uint256 id) external view returns (Loan memory) {
        return _existing(id);
    }

    function _lendable(uint128 pledge) private returns (uint256 amount, uint256 drawdown) {
        (bool isComplete, HourCandle[24] memory candles) = POOL.lastDay();
        require(isComplete, PoolTooYoung());
        drawdown = _drawdown(candles);
        CompactPrice price = POOL.price();
        CompactPrice lowest = candles[23].low();
        if (price.isAbove(lowest)) price = lowest;
        amount = Math.mulDiv(price.valueOf(pledge), ONE - drawdown, ONE);
    }

    function _drawdown(HourCandle[24] memory candles) private returns (uint256) {
        bytes memory first = _infer(_query(VOLATILITY_RELEASE, ExactVolatilityModel.encodeInput(candles)));
        uint256 volatility = ExactVolatilityModel.decodeOutput(first);
        bytes memory second = _infer(_query(DRAWDOWN_RELEASE, DrawdownModel.encodeInput(volatility, candles)));
        return DrawdownModel.decodeOutput(second);
    }

    function _query(ReleaseId release, bytes memory input) private view returns (InferenceQuery memory) {
        return
            InferenceQuery({
                release: release,
                codec: CODEC_TENSORS,
                cover: NO_COVER,
                modes: Mode.VANILLA.bit(),
                operatorId: 0,
                maxFee: MAX_INFERENCE_FEE,
                minStake: MIN_STAKE,
                input: input
            });
    }

    function _close(uint256 id) private returns (Loan memory loan) {
        loan = _existing(id);
        delete _loans[id];
    }

    function _existing(uint256 id) private view returns (Loan memory loan) {
        if (id < _loans.length) loan = _loans[id];
        require(loan.borrower != address(0), LoanUnknown(id));
    }
}
