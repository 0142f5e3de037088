// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {MockAnswer} from "../../../contracts/consumer/MockPipe.sol";
import {IOnChainModel} from "../../../contracts/interfaces/IOnChainModel.sol";
import {FeeTerms, Forecast, IVolatilityPool} from "../../../contracts/examples/IVolatilityPool.sol";
import {CODEC_TENSORS} from "../../../contracts/types/Codec.sol";
import {NO_COVER} from "../../../contracts/types/Cover.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {PoolFixture, ScriptedModel} from "./PoolFixture.sol";

contract PoolSwapTest is PoolFixture {
    bytes4 private constant MAGIC = bytes4(keccak256("PIPE carried results"));

    function test_revertsWhenDeadlinePassed() public {
        uint256 late = block.timestamp - 1;
        vm.expectRevert(abi.encodeWithSelector(IVolatilityPool.DeadlinePassed.selector, late, block.timestamp));
        vm.prank(trader);
        pool.swap(token0, 1 ether, 0, trader, late);
    }

    function test_revertsWhenTokenNotInPool() public {
        IERC20 other = IERC20(makeAddr("other"));
        vm.expectRevert(abi.encodeWithSelector(IVolatilityPool.TokenNotInPool.selector, other));
        vm.prank(trader);
        pool.swap(other, 1 ether, 0, trader, block.timestamp);
    }

    function test_revertsWhenLessComesOutThanAccepted() public {
        _carry(0.005e18);
        vm.expectPartialRevert(IVolatilityPool.AmountTooLow.selector);
        vm.prank(trader);
        pool.swap(token0, 1 ether, 1998 ether, trader, block.timestamp);
    }

    function test_paysFeeOfForecast() public {
        _carry(0.005e18);
        uint256 before = token1.balanceOf(trader);
        uint256 amountOut = _swap(token0, 1 ether);
        // 0.15 % + 0.4 * 0.5 %
        uint256 traded = (1 ether * (1e18 - 0.0035e18)) / 1e18;
        assertApproxEqRel(amountOut, (traded * RESERVE1) / (RESERVE0 + traded), 1e9);
        assertEq(token1.balanceOf(trader) - before, amountOut);
        (uint256 reserve0, uint256 reserve1) = pool.reserves();
        assertEq(reserve0, RESERVE0 + 1 ether);
        assertEq(reserve1, RESERVE1 - amountOut);
        assertEq(token0.balanceOf(address(pool)), reserve0);
        assertEq(token1.balanceOf(address(pool)), reserve1);
    }

    function test_computesTheForecastWhereNoneIsCarried() public {
        uint256 fee = BASE_FEE + (SLOPE * uint256(ON_CHAIN)) / 1e18;
        uint256 traded = (1 ether * (1e18 - fee)) / 1e18;
        uint256 amountOut = (traded * RESERVE1) / (RESERVE0 + traded);
        vm.expectCall(address(model), abi.encodeCall(IOnChainModel.evaluate, (_input())));
        vm.expectEmit(address(pool));
        emit IVolatilityPool.Swapped(trader, token0, 1 ether, amountOut, fee, Forecast.OnChain);
        assertEq(_swap(token0, 1 ether), amountOut);
    }

    function testFuzz_leavingTheForecastOutChangesNothing(int256 forecast, uint256 amount, bool isToken0) public {
        forecast = bound(forecast, -1e18, 10e18);
        amount = bound(amount, 0, 9000 ether);
        model.answer(_output(forecast));
        IERC20 token = isToken0 ? token0 : token1;
        uint256 state = vm.snapshotState();
        uint256 without = _swap(token, amount);
        vm.revertToState(state);
        _carry(forecast);
        assertEq(_swap(token, amount), without);
    }

    /// What the model refuses never becomes a fee.
    function test_revertsWhenTheModelDoesNotAnswer() public {
        model.answer("");
        vm.expectRevert(abi.encodeWithSelector(IOnChainModel.InputInvalid.selector, model.graphRoot()));
        _swap(token0, 1 ether);
    }

    function test_revertsWhenThereIsNoModel() public {
        model = ScriptedModel(makeAddr("no code"));
        vm.expectRevert(abi.encodeWithSelector(IVolatilityPool.ModelMissing.selector, model));
        _deployPool(FeeTerms(SLOPE, BASE_FEE, INFERENCE_FEE, STAKE));
    }

    function test_callThatEndsInEmptyTailIsToldWhatIsMissing() public {
        InferenceQuery[] memory missing = new InferenceQuery[](1);
        missing[0] = InferenceQuery(RELEASE, CODEC_TENSORS, NO_COVER, 1, 0, INFERENCE_FEE, STAKE, _input());
        bytes memory call = abi.encodeCall(pool.swap, (token0, 1 ether, 0, trader, block.timestamp));
        vm.prank(trader);
        (bool success, bytes memory reason) = address(pool).call(abi.encodePacked(call, uint32(0), MAGIC));
        assertFalse(success);
        assertEq(reason, abi.encodeWithSelector(IPipe.InferenceRequired.selector, trader, address(pool), missing));
    }

    function test_revertsWhenTooLittleIsAtStake() public {
        MockAnswer memory weak = MockAnswer(_output(0), Mode.VANILLA, 1, INFERENCE_FEE, STAKE - 1, 0);
        pipe.answer(trader, address(pool), RELEASE, _input(), weak);
        vm.expectRevert(abi.encodeWithSelector(IPipe.StakeBelowMinimum.selector, STAKE - 1, STAKE));
        _swap(token0, 1 ether);
    }

    function test_revertsWhenAnswerIsNoForecast() public {
        MockAnswer memory odd = MockAnswer("not a tensor", Mode.VANILLA, 1, INFERENCE_FEE, STAKE, 0);
        pipe.answer(trader, address(pool), RELEASE, _input(), odd);
        vm.prank(trader);
        vm.expectRevert();
        pool.swap(token0, 1 ether, 0, trader, block.timestamp);
    }

    /// Whatever gas a trader gives: the fee of the forecast that is carried, or nothing happens.
    function testFuzz_starvingTheInferenceDoesNotReachTheFallback(uint256 gasLimit) public {
        _carry(0.005e18);
        uint256 state = vm.snapshotState();
        uint256 expected = _swap(token0, 1 ether);
        vm.revertToState(state);
        gasLimit = bound(gasLimit, 20_000, 1_500_000);
        bytes memory call = abi.encodeCall(pool.swap, (token0, 1 ether, 0, trader, block.timestamp));
        vm.prank(trader);
        (bool success, bytes memory returned) = address(pool).call{gas: gasLimit}(call);
        if (success) assertEq(abi.decode(returned, (uint256)), expected);
    }

    function test_starvationTestReachesBothEnds() public {
        _carry(0.005e18);
        bytes memory call = abi.encodeCall(pool.swap, (token0, 1 ether, 0, trader, block.timestamp));
        vm.prank(trader);
        (bool starved, ) = address(pool).call{gas: 60_000}(call);
        assertFalse(starved);
        vm.prank(trader);
        (bool fed, ) = address(pool).call{gas: 1_500_000}(call);
        assertTrue(fed);
    }

    function testFuzz_productNeverFalls(uint256 amount0, uint256 amount1) public {
        uint256 product = _product();
        _carry(0);
        _swap(token0, bound(amount0, 1, 5000 ether));
        assertGe(_product(), product);
        product = _product();
        _swap(token1, bound(amount1, 1, 10_000_000 ether));
        assertGe(_product(), product);
    }

    function test_youngPoolPaysHighestFeeAndAsksNobody() public {
        assertEq(pool.highestFee(), HIGHEST_FEE);
        pool = _deployPool(FeeTerms(SLOPE, BASE_FEE, INFERENCE_FEE, STAKE));
        _equip(provider);
        _equip(trader);
        vm.prank(provider);
        pool.deposit(RESERVE0, RESERVE1, 0, 0, provider, block.timestamp);
        (bool isComplete, ) = pool.lastDay();
        assertFalse(isComplete);
        vm.expectCall(address(pipe), abi.encodeWithSelector(IPipe.infer.selector), 0);
        vm.expectCall(address(model), abi.encodeWithSelector(IOnChainModel.evaluate.selector), 0);
        _swap(token0, 1 ether);
    }
}
