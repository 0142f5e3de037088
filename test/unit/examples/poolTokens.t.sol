// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {FeeTerms, IVolatilityPool} from "../../../contracts/examples/IVolatilityPool.sol";
import {HostileToken} from "./HostileToken.sol";
import {PoolFixture} from "./PoolFixture.sol";

/// A pool of an ordinary token and one that misbehaves, without fees.
contract PoolTokensTest is PoolFixture {
    HostileToken private hostile;

    function setUp() public override {
        super.setUp();
        hostile = new HostileToken();
        hostile.mint(address(this), 1e30);
        token1 = IERC20(address(hostile));
        pool = _deployPool(FeeTerms(0, 0, INFERENCE_FEE, STAKE));
        _equip(provider);
        _equip(trader);
        vm.prank(provider);
        pool.deposit(RESERVE0, RESERVE1, 0, 0, provider, block.timestamp);
        vm.warp(vm.getBlockTimestamp() + 26 hours);
    }

    function test_takesTokensThatReturnNothing() public {
        hostile.setHabit(HostileToken.Habit.ReturnsNothing);
        uint256 bought = _swap(token1, 2000 ether);
        assertApproxEqRel(bought, 1 ether, 0.002e18);
        assertApproxEqRel(_swap(token0, bought), 2000 ether, 1e6);
    }

    function test_revertsWhenTokenReturnsFalse() public {
        hostile.setHabit(HostileToken.Habit.ReturnsFalse);
        bytes memory refusal = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, hostile);
        vm.expectRevert(refusal);
        _swap(token1, 1 ether);
        vm.expectRevert(refusal);
        _swap(token0, 1 ether);
        vm.prank(provider);
        vm.expectRevert(refusal);
        pool.withdraw(1 ether, 0, 0, provider, block.timestamp);
    }

    function test_revertsWhenTokenKeepsAPart() public {
        hostile.setHabit(HostileToken.Habit.KeepsAPart);
        vm.expectRevert(
            abi.encodeWithSelector(IVolatilityPool.TransferIncomplete.selector, hostile, 0.99 ether, 1 ether)
        );
        _swap(token1, 1 ether);
        vm.prank(trader);
        vm.expectPartialRevert(IVolatilityPool.TransferIncomplete.selector);
        pool.deposit(1 ether, 2000 ether, 0, 0, trader, block.timestamp);
    }

    /// A pool that copied what a token returns would pay for a megabyte of memory: two million gas and more.
    function test_copiesNoMegabyte() public {
        hostile.setHabit(HostileToken.Habit.ReturnsAMegabyte);
        bytes memory call = abi.encodeCall(pool.swap, (token1, 1 ether, 0, trader, block.timestamp));
        vm.prank(trader);
        // The token's own memory costs 2.1 million, once.
        (bool success, ) = address(pool).call{gas: 3_500_000}(call);
        assertTrue(success);
    }

    function test_tokenThatCallsBackIsRefused() public {
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(pool.swap, (token0, 1 ether, 0, trader, block.timestamp));
        calls[1] = abi.encodeCall(pool.deposit, (1 ether, 2000 ether, 0, 0, trader, block.timestamp));
        calls[2] = abi.encodeCall(pool.withdraw, (1, 0, 0, trader, block.timestamp));
        calls[3] = abi.encodeCall(pool.observe, ());
        bytes memory refusal = abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        for (uint256 i; i < calls.length; ++i) {
            hostile.callBack(address(pool), calls[i]);
            _swap(token1, 1 ether);
            assertEq(hostile.refusal(), refusal);
            _swap(token0, 0.001 ether);
            vm.prank(provider);
            pool.withdraw(1 ether, 0, 0, provider, block.timestamp);
            assertEq(hostile.refusal(), refusal);
        }
    }

    /// Even without a fee, and down to single wei: who swaps there and back has no more than before.
    function testFuzz_swapThereAndBackNeverGains(uint256 amount, bool fromToken0) public {
        (IERC20 from, IERC20 to) = fromToken0 ? (token0, token1) : (token1, token0);
        amount = bound(amount, 0, fromToken0 ? 9000 ether : 18_000_000 ether);
        if (amount % 2 == 0) amount %= 1e6;
        uint256 before = from.balanceOf(trader);
        uint256 bought = _swap(from, amount);
        _swap(to, bought);
        assertLe(from.balanceOf(trader), before);
    }

    /// What comes in by others' deposits and withdrawals takes nothing from a share, down to single wei.
    function testFuzz_othersNeverDiluteAShare(uint256 amount0, uint256 amount1, uint256 burned) public {
        amount0 = bound(amount0, 1e6, 9000 ether);
        amount1 = bound(amount1, 1e9, 18_000_000 ether);
        (uint256 worth0, uint256 worth1) = _worth();
        vm.startPrank(trader);
        uint256 shares = pool.deposit(amount0, amount1, 0, 0, trader, block.timestamp);
        _requireWorth(worth0, worth1);
        pool.withdraw(bound(burned, 0, shares), 0, 0, trader, block.timestamp);
        vm.stopPrank();
        _requireWorth(worth0, worth1);
    }

    /// Of 1e36 shares, so that what is rounded shows.
    function _worth() private view returns (uint256, uint256) {
        (uint256 reserve0, uint256 reserve1) = pool.reserves();
        uint256 supply = IERC20(address(pool)).totalSupply();
        return ((reserve0 * 1e36) / supply, (reserve1 * 1e36) / supply);
    }

    function _requireWorth(uint256 worth0, uint256 worth1) private view {
        (uint256 now0, uint256 now1) = _worth();
        assertGe(now0, worth0);
        assertGe(now1, worth1);
    }
}
