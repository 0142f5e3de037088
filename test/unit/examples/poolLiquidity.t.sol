// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {FeeTerms, IVolatilityPool} from "../../../contracts/examples/IVolatilityPool.sol";
import {PoolFixture} from "./PoolFixture.sol";

contract PoolLiquidityTest is PoolFixture {
    function test_firstDepositLocksShares() public view {
        assertEq(_shares().balanceOf(0x000000000000000000000000000000000000dEaD), 1000);
        assertEq(_shares().totalSupply(), _shares().balanceOf(provider) + 1000);
    }

    function test_revertsWhenFirstDepositIsTooSmall() public {
        pool = _deployPool(FeeTerms(SLOPE, BASE_FEE, INFERENCE_FEE, STAKE));
        vm.expectRevert(abi.encodeWithSelector(IVolatilityPool.LiquidityTooLow.selector, 1000, 1001));
        vm.prank(provider);
        pool.deposit(1000, 1000, 0, 0, provider, block.timestamp);
    }

    function test_revertsWhenTermsAllowTooHighFee() public {
        vm.expectPartialRevert(IVolatilityPool.FeeTermsInvalid.selector);
        _deployPool(FeeTerms(2e18, 0.000001e18, INFERENCE_FEE, STAKE));
    }

    /// The first depositor makes its wei of shares dear by gifts, so that the next gets none for its tokens.
    function test_inflationAttackTakesNothing() public {
        pool = _deployPool(FeeTerms(SLOPE, BASE_FEE, INFERENCE_FEE, STAKE));
        _equip(provider);
        _equip(trader);
        vm.startPrank(trader);
        pool.deposit(1001, 1001, 0, 0, trader, block.timestamp);
        assertTrue(token0.transfer(address(pool), 100 ether) && token1.transfer(address(pool), 100 ether));
        vm.stopPrank();
        vm.startPrank(provider);
        uint256 shares = pool.deposit(10 ether, 10 ether, 0, 0, provider, block.timestamp);
        (uint256 back0, uint256 back1) = pool.withdraw(shares, 0, 0, provider, block.timestamp);
        vm.stopPrank();
        assertEq(back0, 10 ether);
        assertEq(back1, 10 ether);
    }

    function testFuzz_depositAndWithdrawNeverGains(uint256 amount0, uint256 amount1) public {
        amount0 = bound(amount0, 1, 9000 ether);
        amount1 = bound(amount1, 2000, 18_000_000 ether);
        uint256 before0 = token0.balanceOf(trader);
        uint256 before1 = token1.balanceOf(trader);
        vm.startPrank(trader);
        uint256 shares = pool.deposit(amount0, amount1, 0, 0, trader, block.timestamp);
        pool.withdraw(shares, 0, 0, trader, block.timestamp);
        vm.stopPrank();
        assertLe(token0.balanceOf(trader), before0);
        assertLe(token1.balanceOf(trader), before1);
    }

    function test_depositTakesNoMoreThanKeepsTheRatio() public {
        uint256 before = token1.balanceOf(trader);
        vm.prank(trader);
        pool.deposit(1 ether, 9000 ether, 0, 0, trader, block.timestamp);
        assertApproxEqAbs(before - token1.balanceOf(trader), 2000 ether, 1e6);
    }

    function test_revertsWhenLessIsTakenOrGivenThanAccepted() public {
        vm.startPrank(trader);
        vm.expectPartialRevert(IVolatilityPool.AmountTooLow.selector);
        pool.deposit(1 ether, 9000 ether, 0, 3000 ether, trader, block.timestamp);
        uint256 shares = pool.deposit(1 ether, 2000 ether, 0, 0, trader, block.timestamp);
        vm.expectPartialRevert(IVolatilityPool.AmountTooLow.selector);
        pool.withdraw(shares, 1.1 ether, 0, trader, block.timestamp);
        vm.stopPrank();
    }

    function test_withdrawNeedsNoModel() public {
        uint256 shares = _shares().balanceOf(provider);
        vm.prank(provider);
        (uint256 amount0, uint256 amount1) = pool.withdraw(shares, 0, 0, provider, block.timestamp);
        assertApproxEqRel(amount0, RESERVE0, 1e12);
        assertApproxEqRel(amount1, RESERVE1, 1e12);
    }

    function _shares() private view returns (IERC20) {
        return IERC20(address(pool));
    }
}
