// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DrawdownModel} from "../../../contracts/examples/DrawdownModel.sol";
import {HourCandle} from "../../../contracts/examples/HourCandle.sol";
import {PawnShop, PawnTerms} from "../../../contracts/examples/PawnShop.sol";
import {IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {MockAnswer} from "../../../contracts/consumer/MockPipe.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {Tensor} from "../../../contracts/types/Tensor.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {PoolFixture} from "./PoolFixture.sol";

contract PawnShopTest is PoolFixture {
    ReleaseId private constant DRAWDOWN = ReleaseId.wrap(keccak256("eth-drawdown-24h v1.00"));
    uint256 private constant INTEREST = 0.01e18;

    PawnShop private shop;
    address private lender = makeAddr("lender");

    function setUp() public override {
        super.setUp();
        PawnTerms memory terms = PawnTerms(token0, token1, RELEASE, DRAWDOWN, lender, INTEREST, INFERENCE_FEE, STAKE);
        shop = PawnShop(deployCode("contracts/examples/PawnShop.sol:PawnShop", abi.encode(pipe, pool, terms)));
        assertTrue(token1.transfer(address(shop), 100_000 ether));
        vm.startPrank(trader);
        token0.approve(address(shop), type(uint256).max);
        token1.approve(address(shop), type(uint256).max);
        vm.stopPrank();
    }

    function test_revertsWhenEitherAnswerIsMissing() public {
        vm.expectPartialRevert(IPipe.InferenceRequired.selector);
        _borrow(1 ether);
        _carryFirst(0.005e18);
        vm.expectPartialRevert(IPipe.InferenceRequired.selector);
        _borrow(1 ether);
    }

    /// The second question holds the first answer: one made for another forecast does not answer it.
    function test_revertsWhenSecondAnswerIsForAnotherForecast() public {
        _carryFirst(0.005e18);
        _carrySecond(0.002e18, 0.03e18);
        vm.expectPartialRevert(IPipe.InferenceRequired.selector);
        _borrow(1 ether);
    }

    function test_lendsValueLessDrawdown() public {
        uint256 amount = _borrowWith(0.06e18);
        assertApproxEqRel(amount, (2000 ether * 94) / 100, 1e12);
        assertEq(shop.loanOf(0).borrower, trader);
        assertApproxEqRel(shop.loanOf(0).debt, (amount * 101) / 100, 1e12);
    }

    /// What a float release risks and an exact one does not: where the model says 6 %, an operator that borrows signs
    /// the least there is. The lender's margin is gone, and nothing on chain says that the model gave another number.
    function test_lieOfTheFloatModelTakesTheMargin() public {
        assertApproxEqRel(_borrowWith(0.002e18), (2000 ether * 998) / 1000, 1e12);
    }

    function test_liftedPriceLiftsNoLoan() public {
        _carryFirst(0.005e18);
        _carrySecond(0.005e18, 0.06e18);
        _swap(token1, 2_000_000 ether);
        assertApproxEqRel(_borrow(1 ether), (2000 ether * 94) / 100, 1e12);
    }

    function test_repaysAndReturnsPledge() public {
        _borrowWith(0.06e18);
        uint256 before = token0.balanceOf(trader);
        vm.prank(trader);
        shop.repay(0);
        assertEq(token0.balanceOf(trader) - before, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(PawnShop.LoanUnknown.selector, 0));
        shop.repay(0);
    }

    function test_lenderClaimsWhatIsOverdue() public {
        _borrowWith(0.06e18);
        uint256 dueAt = shop.loanOf(0).dueAt;
        vm.expectRevert(abi.encodeWithSelector(PawnShop.NotLender.selector, address(this)));
        shop.claim(0);
        vm.startPrank(lender);
        vm.expectRevert(abi.encodeWithSelector(PawnShop.LoanNotDue.selector, 0, dueAt));
        shop.claim(0);
        vm.warp(dueAt + 1);
        shop.claim(0);
        vm.stopPrank();
        assertEq(token0.balanceOf(lender), 1 ether);
    }

    function test_onlyLenderWithdraws() public {
        vm.expectRevert(abi.encodeWithSelector(PawnShop.NotLender.selector, address(this)));
        shop.withdraw(1);
        vm.prank(lender);
        shop.withdraw(100_000 ether);
        assertEq(token1.balanceOf(lender), 100_000 ether);
    }

    function _borrowWith(int256 drawdown) private returns (uint256) {
        _carryFirst(0.005e18);
        _carrySecond(0.005e18, drawdown);
        return _borrow(1 ether);
    }

    function _borrow(uint128 pledge) private returns (uint256 amount) {
        vm.prank(trader);
        (, amount) = shop.borrow(pledge, 0);
    }

    function _carryFirst(int256 volatility) private {
        pipe.answer(trader, address(shop), RELEASE, _input(), _answerOf(volatility));
    }

    function _carrySecond(uint256 volatility, int256 drawdown) private {
        (, HourCandle[24] memory candles) = pool.lastDay();
        bytes memory input = DrawdownModel.encodeInput(volatility, candles);
        int256[] memory values = new int256[](1);
        values[0] = drawdown;
        Tensor memory output = TensorCodec.fromFixed(values, 18, TensorCodec.shapeOf(1, 1), Dtype.FLOAT32);
        bytes memory encoded = TensorCodec.encode(output);
        MockAnswer memory given = MockAnswer(encoded, Mode.VANILLA, 1, INFERENCE_FEE, STAKE, 0);
        pipe.answer(trader, address(shop), DRAWDOWN, input, given);
    }
}
