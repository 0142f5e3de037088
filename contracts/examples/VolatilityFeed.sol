// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceCallback} from "../interfaces/IInferenceCallback.sol";
import {IInferenceRequests, RequestTerms} from "../interfaces/IInferenceRequests.sol";
import {TensorCodec} from "../libraries/TensorCodec.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {NO_COVER} from "../types/Cover.sol";
import {Dtype} from "../types/Dtype.sol";
import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {Delivery} from "../types/Request.sol";
import {RequestId} from "../types/RequestId.sol";

/// @notice One hour of a market; prices in any unit, all in the same.
struct Candle {
    uint128 open;
    uint128 high;
    uint128 low;
    uint128 close;
}

/// @title VolatilityFeed
/// @notice An example of a contract that asks a model and is called back: it keeps the newest forecast of the next
/// hour's volatility. Pays from its own balance in `InferenceRequests`, which anyone may top up.
/// @dev An example: whoever may call `ask` chooses the candles, so a contract that others rely on takes them from its
/// own observations or from a feed that it trusts.
contract VolatilityFeed is IInferenceCallback {
    uint256 public constant HOURS = 24;
    uint8 private constant DECIMALS = 18;
    uint32 private constant CALLBACK_GAS = 150_000;

    IInferenceRequests public immutable REQUESTS;
    ReleaseId public immutable RELEASE;
    address public immutable KEEPER;
    uint256 public immutable FEE;

    /// @notice Forecast of the next hour's volatility, 1e18 = 100 %; 0 before the first.
    uint256 public volatility;
    /// @notice Timestamp of that forecast.
    uint256 public updatedAt;
    RequestId public pending;

    event ForecastAsked(RequestId indexed id);
    event ForecastReceived(RequestId indexed id, uint256 volatility);

    /// @notice Only the keeper may do this.
    error NotKeeper(address caller);
    /// @notice Only `InferenceRequests` may deliver answers.
    error NotRequests(address caller);
    /// @notice The model takes a fixed number of candles.
    error CandleCountWrong(uint256 count);
    /// @notice A price of nothing.
    error CandlePriceZero(uint256 hour);

    /// @param keeper the only account that may ask
    /// @param fee token wei offered per forecast
    constructor(IInferenceRequests requests, ReleaseId release, address keeper, uint256 fee) {
        (REQUESTS, RELEASE, KEEPER, FEE) = (requests, release, keeper, fee);
    }

    /// @notice Asks for a forecast from the last 24 hourly candles, oldest first.
    function ask(Candle[] calldata candles) external returns (RequestId id) {
        require(msg.sender == KEEPER, NotKeeper(msg.sender));
        id = REQUESTS.request(
            RequestTerms({
                release: RELEASE,
                mode: uint8(Mode.VANILLA),
                codec: CODEC_TENSORS,
                fee: FEE,
                fullFeeUntil: uint40(block.timestamp + 1 minutes),
                deadline: uint40(block.timestamp + 10 minutes),
                acceptPeriod: 0,
                lane: 0,
                callbackGas: CALLBACK_GAS,
                delivery: Delivery.AtFulfilment,
                minStake: 0,
                operatorId: 0,
                cover: NO_COVER
            }),
            encodeInput(candles)
        );
        pending = id;
        emit ForecastAsked(id);
    }

    /// @inheritdoc IInferenceCallback
    function onInference(RequestId id, bytes calldata output) external override {
        require(msg.sender == address(REQUESTS), NotRequests(msg.sender));
        int256 forecast = TensorCodec.fixedAt(TensorCodec.decodeSingle(output), 0, DECIMALS);
        volatility = uint256(forecast);
        updatedAt = block.timestamp;
        emit ForecastReceived(id, uint256(forecast));
    }

    /// @notice The model's input: float32 [1, 24, 4], each price relative to the last close, minus one.
    function encodeInput(Candle[] calldata candles) public pure returns (bytes memory) {
        require(candles.length == HOURS, CandleCountWrong(candles.length));
        int256 one = int256(10 ** DECIMALS);
        int256 lastClose = int256(uint256(candles[HOURS - 1].close));
        require(lastClose != 0, CandlePriceZero(HOURS - 1));
        int256[] memory values = new int256[](HOURS * 4);
        for (uint256 i; i < HOURS; ++i) {
            Candle calldata candle = candles[i];
            values[4 * i] = (int256(uint256(candle.open)) * one) / lastClose - one;
            values[4 * i + 1] = (int256(uint256(candle.high)) * one) / lastClose - one;
            values[4 * i + 2] = (int256(uint256(candle.low)) * one) / lastClose - one;
            values[4 * i + 3] = (int256(uint256(candle.close)) * one) / lastClose - one;
        }
        return
            TensorCodec.encode(TensorCodec.fromFixed(values, DECIMALS, TensorCodec.shapeOf(1, 24, 4), Dtype.FLOAT32));
    }
}
