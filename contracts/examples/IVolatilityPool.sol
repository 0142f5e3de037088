// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IOnChainModel} from "../interfaces/IOnChainModel.sol";
import {InferenceAnswer} from "../interfaces/IPipe.sol";
import {CompactPrice} from "./CompactPrice.sol";
import {HourCandle} from "./HourCandle.sol";

/// @notice How a pool turns a forecast into a fee, and whose forecast will do.
struct FeeTerms {
    /// Fee per volatility, 1e18 = 1: at 0.4e18 a forecast of 0.5 % an hour adds 0.2 %.
    uint256 slope;
    /// What is added to it; so the fee is never less, whatever the model says; 1e18 = 100 %.
    uint256 baseFee;
    /// Token wei of OPG that a trader's inference may cost.
    uint256 maxInferenceFee;
    /// Token wei of OPG that must be at stake behind a forecast.
    uint256 minStake;
}

/// @notice Where the forecast behind a fee came from.
enum Forecast {
    /// There are no 24 hours to forecast from yet: the highest fee.
    None,
    /// An operator signed it, and the swap carried it.
    Carried,
    /// Nothing was carried, so the model ran on chain: the same bits, for gas.
    OnChain
}

/// @title A pool of two tokens whose swap fee follows a volatility model
/// @notice The model sees the pool's own hourly candles. A swap carries the forecast, signed by an operator, or has it
/// computed on chain: the model is exact, so that both are the same number and nobody gains by leaving one out. What
/// that brings to liquidity providers is in `models/README.md`: on replayed months, nothing that could be told from
/// chance.
/// @dev A network of this size costs less on chain than the check of a signature; `docs/on-chain-models.md` compares
/// both. The pool shows the seam: with a model too large for the chain the fallback would be the highest fee.
/// @dev Warning: `minAmountOut` is what protects a trader whose result has gone out of date by the time of inclusion
/// (at the turn of an hour): a carried result that does not fit reverts; one that was loaded before is not used.
/// Warning: a price that is pushed and held at the end of an hour moves the fee of the next one, far more easily up
/// than down, and never above the highest; `models/README.md` has how far.
/// Warning: an operator that trades can sign itself the lowest fee, and loses stake for it, since anybody can prove
/// what the model says. `baseFee` bounds what that is worth, and `minStake` what has to stand behind it.
interface IVolatilityPool {
    event LiquidityAdded(address indexed recipient, uint256 amount0, uint256 amount1, uint256 shares);
    event LiquidityRemoved(address indexed recipient, uint256 amount0, uint256 amount1, uint256 shares);
    /// `fee`: 1e18 = 100 %.
    event Swapped(
        address indexed recipient,
        IERC20 indexed tokenIn,
        uint256 amountIn,
        uint256 amountOut,
        uint256 fee,
        Forecast forecast
    );

    /// @notice The caller gave the swap until an earlier time.
    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    /// @notice The pool does not trade this token.
    error TokenNotInPool(IERC20 token);
    /// @notice A pool has two tokens.
    error TokensEqual(IERC20 token);
    /// @notice The account given as the model on chain has no code.
    error ModelMissing(IOnChainModel model);
    /// @notice The fee at the highest volatility is more than a fee can be.
    error FeeTermsInvalid(uint256 slope, uint256 baseFee);
    /// @notice Less comes out than the caller asks for at least.
    error AmountTooLow(uint256 amount, uint256 min);
    /// @notice The pool has too little of the token.
    error LiquidityTooLow(uint256 liquidity, uint256 min);
    /// @notice The token kept a part of the transfer. Such tokens do not fit this pool.
    error TransferIncomplete(IERC20 token, uint256 received, uint256 amount);

    /// @notice Adds as much of both tokens as keeps their ratio, from the caller. The first deposit sets the price, and
    /// leaves 1,000 wei of shares with nobody.
    /// @param amount0 at most this much, token wei
    /// @param min0 at least this much
    /// @return shares minted to `recipient`
    function deposit(
        uint256 amount0,
        uint256 amount1,
        uint256 min0,
        uint256 min1,
        address recipient,
        uint256 deadline
    ) external returns (uint256 shares);

    /// @notice Burns the caller's shares for their part of both reserves. Needs no model.
    function withdraw(
        uint256 shares,
        uint256 min0,
        uint256 min1,
        address recipient,
        uint256 deadline
    ) external returns (uint256 amount0, uint256 amount1);

    /// @notice Sells `amountIn` of the caller's `tokenIn` for the other token.
    function swap(
        IERC20 tokenIn,
        uint256 amountIn,
        uint256 minAmountOut,
        address recipient,
        uint256 deadline
    ) external returns (uint256 amountOut);

    /// @notice Records the price, as every swap does. Anyone may, so that a quiet pool's candles keep up.
    function observe() external;

    /// @notice What `swap` would return, and at which fee. An ERC-3668 read.
    /// @return amountOut of the other token
    /// @return fee 1e18 = 100 %
    /// @return answer the forecast, signed by a staked operator; empty where the pool is too young to ask
    function quote(
        IERC20 tokenIn,
        uint256 amountIn
    ) external view returns (uint256 amountOut, uint256 fee, InferenceAnswer memory answer);

    /// @notice The fee that the pool charges for a forecast; 1e18 = 100 %.
    function feeOf(uint256 volatility) external view returns (uint256);

    /// @notice The fee of the model's upper bound, which no forecast exceeds: what is paid while there are no 24 hours.
    function highestFee() external view returns (uint256);

    /// @notice The last 24 closed hours, oldest first, prices in token1 per token0; the same for a whole hour.
    /// @return isComplete false while the pool is younger than that
    /// @return candles as far as there are any
    function lastDay() external view returns (bool isComplete, HourCandle[24] memory candles);

    /// @notice The present price in token1 per token0. A transaction can move it: see `lastDay` for what it cannot.
    function price() external view returns (CompactPrice);

    function reserves() external view returns (uint256 reserve0, uint256 reserve1);
}
