// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";

import {MockAnswer, MockPipe} from "../../../contracts/consumer/MockPipe.sol";
import {HourCandle} from "../../../contracts/examples/HourCandle.sol";
import {FeeTerms, IVolatilityPool} from "../../../contracts/examples/IVolatilityPool.sol";
import {ExactVolatilityModel} from "../../../contracts/examples/ExactVolatilityModel.sol";
import {IOnChainModel} from "../../../contracts/interfaces/IOnChainModel.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";

/// Gives what it was told, whatever it is asked; nothing where it was told nothing.
contract ScriptedModel is IOnChainModel {
    bytes32 public constant override graphRoot = keccak256("graph");
    bytes private _output;

    function answer(bytes calldata output) external {
        _output = output;
    }

    function evaluate(bytes calldata) external view override returns (bytes memory) {
        require(_output.length != 0, InputInvalid(graphRoot));
        return _output;
    }
}

/// A pool at a price of 2,000 that is a day and two hours old, and a trader with both tokens.
abstract contract PoolFixture is Test {
    uint256 internal constant RESERVE0 = 1000 ether;
    uint256 internal constant RESERVE1 = 2_000_000 ether;
    uint256 internal constant SLOPE = 0.4e18;
    uint256 internal constant BASE_FEE = 0.0015e18;
    uint256 internal constant HIGHEST_FEE = 0.0215e18;
    uint256 internal constant INFERENCE_FEE = 0.05 ether;
    uint256 internal constant STAKE = 5000 ether;
    ReleaseId internal constant RELEASE = ReleaseId.wrap(keccak256("eth-volatility-1h-exact v1.00"));

    /// What the model says on chain, 1e18 = 100 %.
    int256 internal constant ON_CHAIN = 0.004e18;

    MockPipe internal pipe;
    ScriptedModel internal model;
    IERC20 internal token0;
    IERC20 internal token1;
    IVolatilityPool internal pool;
    address internal provider = makeAddr("provider");
    address internal trader = makeAddr("trader");

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        pipe = MockPipe(deployCode("contracts/consumer/MockPipe.sol:MockPipe"));
        token0 = IERC20(deployCode("contracts/OPG.sol:OPG", abi.encode(address(this))));
        token1 = IERC20(deployCode("contracts/OPG.sol:OPG", abi.encode(address(this))));
        model = new ScriptedModel();
        pool = _deployPool(FeeTerms(SLOPE, BASE_FEE, INFERENCE_FEE, STAKE));
        _equip(provider);
        _equip(trader);
        vm.prank(provider);
        pool.deposit(RESERVE0, RESERVE1, 0, 0, provider, block.timestamp);
        vm.warp(vm.getBlockTimestamp() + 26 hours);
        model.answer(_output(ON_CHAIN));
    }

    function _deployPool(FeeTerms memory terms) internal returns (IVolatilityPool) {
        return
            IVolatilityPool(
                deployCode(
                    "contracts/examples/VolatilityPool.sol:VolatilityPool",
                    abi.encode(pipe, RELEASE, model, token0, token1, terms)
                )
            );
    }

    function _equip(address account) internal {
        assertTrue(token0.transfer(account, 10_000 ether) && token1.transfer(account, 20_000_000 ether));
        vm.startPrank(account);
        token0.approve(address(pool), type(uint256).max);
        token1.approve(address(pool), type(uint256).max);
        vm.stopPrank();
    }

    /// What the model would be asked now.
    function _input() internal view returns (bytes memory) {
        (, HourCandle[24] memory candles) = pool.lastDay();
        return ExactVolatilityModel.encodeInput(candles);
    }

    /// int64 [1, 1], 1,000,000 = 1; of `value` 1e18 = 1.
    function _output(int256 value) internal pure returns (bytes memory) {
        int256[] memory values = new int256[](1);
        values[0] = value / 1e12;
        return TensorCodec.encode(TensorCodec.fromInts(values, TensorCodec.shapeOf(1, 1), Dtype.INT64));
    }

    function _answerOf(int256 value) internal pure returns (MockAnswer memory) {
        return MockAnswer(_output(value), Mode.VANILLA, 1, INFERENCE_FEE, STAKE, 0);
    }

    /// The trader brings this forecast for what the pool would ask now.
    function _carry(int256 volatility) internal {
        pipe.answer(trader, address(pool), RELEASE, _input(), _answerOf(volatility));
    }

    function _swap(IERC20 tokenIn, uint256 amount) internal returns (uint256) {
        vm.prank(trader);
        return pool.swap(tokenIn, amount, 0, trader, block.timestamp);
    }

    function _product() internal view returns (uint256) {
        (uint256 reserve0, uint256 reserve1) = pool.reserves();
        return reserve0 * reserve1;
    }
}
