// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {PipeConsumer} from "../consumer/PipeConsumer.sol";
import {IOnChainModel} from "../interfaces/IOnChainModel.sol";
import {InferenceAnswer, InferenceQuery, IPipe} from "../interfaces/IPipe.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {NO_COVER} from "../types/Cover.sol";
import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {CompactPrice, CompactPriceLib} from "./CompactPrice.sol";
import {ConstantProduct} from "./ConstantProduct.sol";
import {ExactVolatilityModel} from "./ExactVolatilityModel.sol";
import {HourCandle} from "./HourCandle.sol";
import {CandleHistory, CandleSeries, HourlyCandles} from "./HourlyCandles.sol";
import {FeeTerms, Forecast, IVolatilityPool} from "./IVolatilityPool.sol";

/// @title VolatilityPool
/// @notice An example of a contract that uses a model inside its own transaction; see `IVolatilityPool`.
/// @dev Owns two tokens for the holders of its shares. Nobody governs it: terms are fixed for ever. Trusts the two
/// tokens not to change balances by themselves, and the deployer to have named the model of that release. What is sent
/// to it without `deposit` is lost, and so can move neither price nor the worth of a share.
contract VolatilityPool is IVolatilityPool, PipeConsumer, ERC20, ReentrancyGuardTransient {
    using HourlyCandles for CandleHistory;
    using HourlyCandles for CandleSeries;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    uint256 private constant ONE = ConstantProduct.ONE;
    uint256 private constant HIGHEST_FEE = 0.1e18;
    /// @dev Shares that the first deposit gives up, so that its wei cannot be made dear to those who follow.
    uint256 private constant LOCKED_SHARES = 1000;
    address private constant NOBODY = 0x000000000000000000000000000000000000dEaD;

    IERC20 public immutable TOKEN0;
    IERC20 public immutable TOKEN1;
    ReleaseId public immutable RELEASE;
    IOnChainModel public immutable MODEL;
    uint256 public immutable SLOPE;
    uint256 public immutable BASE_FEE;
    uint256 public immutable MAX_INFERENCE_FEE;
    uint256 public immutable MIN_STAKE;

    uint128 private _reserve0;
    uint128 private _reserve1;
    CandleSeries private _candles;

    modifier before(uint256 deadline) {
        require(block.timestamp <= deadline, DeadlinePassed(deadline, block.timestamp));
        _;
    }

    constructor(
        IPipe pipe,
        ReleaseId release,
        IOnChainModel model,
        IERC20 token0,
        IERC20 token1,
        FeeTerms memory terms
    ) PipeConsumer(pipe) ERC20("Volatility pool share", "VPS") {
        require(address(token0) != address(token1), TokensEqual(token0));
        require(address(model).code.length != 0, ModelMissing(model));
        uint256 highest = terms.baseFee + (terms.slope * ExactVolatilityModel.MAX_VOLATILITY) / ONE;
        require(highest <= HIGHEST_FEE, FeeTermsInvalid(terms.slope, terms.baseFee));
        (RELEASE, MODEL, TOKEN0, TOKEN1) = (release, model, token0, token1);
        (SLOPE, BASE_FEE) = (terms.slope, terms.baseFee);
        (MAX_INFERENCE_FEE, MIN_STAKE) = (terms.maxInferenceFee, terms.minStake);
    }

    /// @inheritdoc IVolatilityPool
    function deposit(
        uint256 amount0,
        uint256 amount1,
        uint256 min0,
        uint256 min1,
        address recipient,
        uint256 deadline
    ) external override nonReentrant before(deadline) returns (uint256 shares) {
        uint256 supply = totalSupply();
        if (supply == 0) {
            shares = _sharesOfFirst(amount0, amount1);
            _mint(NOBODY, LOCKED_SHARES);
        } else {
            shares = ConstantProduct.sharesDown(amount0, amount1, _reserve0, _reserve1, supply);
            require(shares != 0, LiquidityTooLow(shares, 1));
            amount0 = ConstantProduct.costUp(shares, _reserve0, supply);
            amount1 = ConstantProduct.costUp(shares, _reserve1, supply);
        }
        _requireAtLeast(amount0, min0);
        _requireAtLeast(amount1, min1);
        _setReserves(_reserve0 + amount0, _reserve1 + amount1);
        if (supply == 0) _candles.start(price());
        _mint(recipient, shares);
        emit LiquidityAdded(recipient, amount0, amount1, shares);
        _receive(TOKEN0, amount0);
        _receive(TOKEN1, amount1);
    }

    /// @inheritdoc IVolatilityPool
    function withdraw(
        uint256 shares,
        uint256 min0,
        uint256 min1,
        address recipient,
        uint256 deadline
    ) external override nonReentrant before(deadline) returns (uint256 amount0, uint256 amount1) {
        uint256 supply = totalSupply();
        _burn(msg.sender, shares);
        amount0 = ConstantProduct.worthDown(shares, _reserve0, supply);
        amount1 = ConstantProduct.worthDown(shares, _reserve1, supply);
        _requireAtLeast(amount0, min0);
        _requireAtLeast(amount1, min1);
        _setReserves(_reserve0 - amount0, _reserve1 - amount1);
        emit LiquidityRemoved(recipient, amount0, amount1, shares);
        TOKEN0.safeTransfer(recipient, amount0);
        TOKEN1.safeTransfer(recipient, amount1);
    }

    /// @inheritdoc IVolatilityPool
    /// @dev Not last: whether all of `amountIn` arrived is known after the transfer, hence `nonReentrant`.
    function swap(
        IERC20 tokenIn,
        uint256 amountIn,
        uint256 minAmountOut,
        address recipient,
        uint256 deadline
    ) external override nonReentrant before(deadline) returns (uint256 amountOut) {
        bool isToken0 = _isToken0(tokenIn);
        (uint256 fee, Forecast forecast) = _fee(_candles.record(price()));
        amountOut = _amountOut(isToken0, amountIn, fee);
        _requireAtLeast(amountOut, minAmountOut);
        if (isToken0) _setReserves(_reserve0 + amountIn, _reserve1 - amountOut);
        else _setReserves(_reserve0 - amountOut, _reserve1 + amountIn);
        emit Swapped(recipient, tokenIn, amountIn, amountOut, fee, forecast);
        _receive(tokenIn, amountIn);
        (isToken0 ? TOKEN1 : TOKEN0).safeTransfer(recipient, amountOut);
    }

    /// @inheritdoc IVolatilityPool
    function observe() external override nonReentrant {
        _candles.record(price());
    }

    /// @inheritdoc IVolatilityPool
    function quote(
        IERC20 tokenIn,
        uint256 amountIn
    ) external view override returns (uint256 amountOut, uint256 fee, InferenceAnswer memory answer) {
        bool isToken0 = _isToken0(tokenIn);
        CandleHistory memory history = _candles.current(price());
        fee = highestFee();
        if (history.isComplete()) {
            answer = _read(_query(history));
            fee = feeOf(ExactVolatilityModel.decodeOutput(answer.output));
        }
        amountOut = _amountOut(isToken0, amountIn, fee);
    }

    /// @inheritdoc IVolatilityPool
    function lastDay() external view override returns (bool isComplete, HourCandle[24] memory candles) {
        CandleHistory memory history = _candles.current(price());
        return (history.isComplete(), history.lastDay());
    }

    /// @inheritdoc IVolatilityPool
    function reserves() external view override returns (uint256, uint256) {
        return (_reserve0, _reserve1);
    }

    /// @inheritdoc IVolatilityPool
    function price() public view override returns (CompactPrice) {
        return CompactPriceLib.fromRatio(_reserve1, _reserve0);
    }

    /// @inheritdoc IVolatilityPool
    function feeOf(uint256 volatility) public view override returns (uint256) {
        uint256 highest = ExactVolatilityModel.MAX_VOLATILITY;
        uint256 bounded = volatility < highest ? volatility : highest;
        return BASE_FEE + (SLOPE * bounded) / ONE;
    }

    /// @inheritdoc IVolatilityPool
    function highestFee() public view override returns (uint256) {
        return feeOf(ExactVolatilityModel.MAX_VOLATILITY);
    }

    /// @dev An answer that is carried and one that is computed here are the same, or a stake is lost.
    function _fee(CandleHistory memory history) private returns (uint256 fee, Forecast forecast) {
        if (!history.isComplete()) return (highestFee(), Forecast.None);
        InferenceQuery memory query = _query(history);
        (bool isCarried, bytes memory output) = _tryInfer(query);
        if (!isCarried) output = MODEL.evaluate(query.input);
        fee = feeOf(ExactVolatilityModel.decodeOutput(output));
        forecast = isCarried ? Forecast.Carried : Forecast.OnChain;
    }

    function _query(CandleHistory memory history) private view returns (InferenceQuery memory) {
        return
            InferenceQuery({
                release: RELEASE,
                codec: CODEC_TENSORS,
                cover: NO_COVER,
                modes: Mode.VANILLA.bit(),
                operatorId: 0,
                maxFee: MAX_INFERENCE_FEE,
                minStake: MIN_STAKE,
                input: ExactVolatilityModel.encodeInput(history.lastDay())
            });
    }

    function _amountOut(bool isToken0, uint256 amountIn, uint256 fee) private view returns (uint256) {
        return
            isToken0
                ? ConstantProduct.amountOutDown(amountIn, _reserve0, _reserve1, fee)
                : ConstantProduct.amountOutDown(amountIn, _reserve1, _reserve0, fee);
    }

    function _receive(IERC20 token, uint256 amount) private {
        uint256 balance = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - balance;
        require(received == amount, TransferIncomplete(token, received, amount));
    }

    function _setReserves(uint256 reserve0, uint256 reserve1) private {
        (_reserve0, _reserve1) = (reserve0.toUint128(), reserve1.toUint128());
    }

    function _isToken0(IERC20 token) private view returns (bool isToken0) {
        isToken0 = address(token) == address(TOKEN0);
        require(isToken0 || address(token) == address(TOKEN1), TokenNotInPool(token));
    }

    function _sharesOfFirst(uint256 amount0, uint256 amount1) private pure returns (uint256) {
        uint256 liquidity = ConstantProduct.firstSharesDown(amount0.toUint128(), amount1.toUint128());
        require(liquidity > LOCKED_SHARES, LiquidityTooLow(liquidity, LOCKED_SHARES + 1));
        return liquidity - LOCKED_SHARES;
    }

    function _requireAtLeast(uint256 amount, uint256 min) private pure {
        require(amount >= min, AmountTooLow(amount, min));
    }
}
