// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test, Vm} from "forge-std/Test.sol";

import {Beneficiaries, Bucket, ITokenGenesis} from "../../../contracts/interfaces/ITokenGenesis.sol";

/// The schedule as it was published, in whole OPG and months, written down again.
contract TokenGenesisScheduleTest is Test {
    uint256 private constant START = 1_800_000_000;
    /// 365.25 days in twelve.
    uint256 private constant MONTH = 30 days + 10 hours + 30 minutes;
    uint256 private constant BUCKETS = 7;

    ITokenGenesis private genesis;
    IERC20 private opg;

    struct Published {
        uint256 total;
        uint256 atOnce;
        uint256 cliffMonths;
        uint256 linearMonths;
    }

    function setUp() public {
        vm.warp(START);
        genesis = ITokenGenesis(deployCode("TokenGenesis.sol:TokenGenesis", abi.encode(_beneficiaries())));
        opg = IERC20(genesis.OPG_TOKEN());
    }

    function test_theSupplyIsInTheBucketsAndNowhereElse() public view {
        uint256 sum;
        for (uint256 i; i < BUCKETS; ++i) {
            Published memory published = _published(i);
            uint256 held = opg.balanceOf(_owner(i));
            assertEq(held, published.atOnce * 1 ether);
            address wallet = genesis.walletOf(Bucket(i));
            if (published.atOnce == published.total) assertEq(wallet, address(0));
            else held += opg.balanceOf(wallet);
            assertEq(held, published.total * 1 ether);
            sum += held;
        }
        assertEq(sum, 1_000_000_000 ether);
        assertEq(opg.totalSupply(), sum);
        assertEq(opg.balanceOf(address(genesis)), 0);
        assertEq(opg.balanceOf(address(this)), 0);
    }

    function test_tellsOfEveryBucket() public {
        vm.recordLogs();
        ITokenGenesis other = ITokenGenesis(deployCode("TokenGenesis.sol:TokenGenesis", abi.encode(_beneficiaries())));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 found;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ITokenGenesis.BucketFunded.selector) continue;
            Published memory published = _published(found);
            assertEq(uint256(logs[i].topics[1]), found);
            assertEq(logs[i].topics[2], bytes32(uint256(uint160(_owner(found)))));
            assertEq(logs[i].topics[3], bytes32(uint256(uint160(other.walletOf(Bucket(found))))));
            uint256 from = START + published.cliffMonths * MONTH;
            assertEq(
                logs[i].data,
                abi.encode(
                    published.atOnce * 1 ether,
                    (published.total - published.atOnce) * 1 ether,
                    from,
                    from + published.linearMonths * MONTH
                )
            );
            ++found;
        }
        assertEq(found, BUCKETS);
    }

    /// Every month end, a second before, and a second after, for 97 months.
    function test_releasesByTheScheduleForNinetySixMonths() public {
        assertEq(genesis.MONTH(), MONTH);
        assertEq(genesis.startedAt(), START);
        for (uint256 month; month <= 97; ++month) {
            for (uint256 i; i < 3; ++i) {
                if (month == 0 && i == 0) continue;
                _requireAll(START + month * MONTH + i - 1);
            }
        }
    }

    /// The numbers that the schedule promises, by name.
    function test_isOnScheduleAtTheTurns() public {
        vm.warp(START + 12 * MONTH);
        assertEq(_releasable(Bucket.CoreContributors), 0);
        assertEq(_releasable(Bucket.Investors), 0);
        assertEq(_releasable(Bucket.Ecosystem), 72_000_000 ether);
        assertEq(_releasable(Bucket.Foundation), 25_001_250 ether);
        assertEq(_releasable(Bucket.StakingRewards), 12_500_000 ether);
        vm.warp(START + 13 * MONTH);
        assertEq(_releasable(Bucket.CoreContributors), uint256(150_000_000 ether) / 36);
        assertEq(_releasable(Bucket.Investors), uint256(100_000_000 ether) / 36);
        vm.warp(START + 48 * MONTH);
        assertEq(_releasable(Bucket.CoreContributors), 150_000_000 ether);
        assertEq(_releasable(Bucket.Investors), 100_000_000 ether);
        assertEq(_releasable(Bucket.Foundation), 100_005_000 ether);
        vm.warp(START + 60 * MONTH - 1);
        assertLt(_releasable(Bucket.Ecosystem), 360_000_000 ether);
        vm.warp(START + 60 * MONTH);
        assertEq(_releasable(Bucket.Ecosystem), 360_000_000 ether);
        vm.warp(START + 96 * MONTH);
        assertEq(_releasable(Bucket.StakingRewards), 100_000_000 ether);
    }

    function testFuzz_releasesByTheScheduleAtAnyTime(uint256 elapsed) public {
        _requireAll(START + bound(elapsed, 0, 120 * MONTH));
    }

    /// However often and by whomever releases are asked for, no more is out than has vested, and in the end all is.
    function testFuzz_nothingIsReleasedEarlyOrLost(uint256 bucketSeed, uint32[8] memory steps, address caller) public {
        vm.assume(caller != address(0));
        uint256 bucket = bound(bucketSeed, 0, 4);
        VestingWallet wallet = VestingWallet(payable(genesis.walletOf(Bucket(bucket))));
        address owner = _owner(bucket);
        uint256 first = opg.balanceOf(owner);
        uint256 now_ = START;
        for (uint256 i; i < steps.length; ++i) {
            now_ += bound(steps[i], 0, 24 * MONTH);
            vm.warp(now_);
            vm.prank(caller);
            wallet.release(address(opg));
            assertEq(opg.balanceOf(owner) - first, _vested(bucket, now_));
        }
        vm.warp(START + 200 * MONTH);
        wallet.release(address(opg));
        assertEq(opg.balanceOf(address(wallet)), 0);
        assertEq(opg.balanceOf(owner), _published(bucket).total * 1 ether);
    }

    function testFuzz_everySecondReleasesWithinAWeiOfItsShare(uint256 elapsed) public {
        elapsed = bound(elapsed, 0, 96 * MONTH - 1);
        vm.warp(START + elapsed);
        uint256 before = _releasable(Bucket.StakingRewards);
        vm.warp(START + elapsed + 1);
        uint256 second = uint256(100_000_000 ether) / (96 * MONTH);
        uint256 released = _releasable(Bucket.StakingRewards) - before;
        assertTrue(released == second || released == second + 1);
    }

    function _requireAll(uint256 timestamp) private {
        vm.warp(timestamp);
        for (uint256 i; i < BUCKETS; ++i) {
            if (_published(i).atOnce == _published(i).total) continue;
            assertEq(_releasable(Bucket(i)), _vested(i, timestamp));
        }
    }

    function _releasable(Bucket bucket) private view returns (uint256) {
        return VestingWallet(payable(genesis.walletOf(bucket))).releasable(address(opg));
    }

    /// Whole OPG of the table times seconds over seconds, rounded down.
    function _vested(uint256 bucket, uint256 timestamp) private pure returns (uint256) {
        Published memory published = _published(bucket);
        uint256 from = START + published.cliffMonths * MONTH;
        uint256 length = published.linearMonths * MONTH;
        if (timestamp <= from) return 0;
        uint256 share = (published.total - published.atOnce) * 1 ether;
        return timestamp >= from + length ? share : (share * (timestamp - from)) / length;
    }

    function _published(uint256 bucket) private pure returns (Published memory) {
        if (bucket == 0) return Published(400_000_000, 40_000_000, 0, 60);
        if (bucket == 1) return Published(150_000_000, 49_995_000, 0, 48);
        if (bucket == 2) return Published(150_000_000, 0, 12, 36);
        if (bucket == 3) return Published(100_000_000, 0, 12, 36);
        if (bucket == 4) return Published(100_000_000, 0, 0, 96);
        if (bucket == 5) return Published(60_000_000, 60_000_000, 0, 0);
        return Published(40_000_000, 40_000_000, 0, 0);
    }

    function _owner(uint256 bucket) private pure returns (address) {
        return address(uint160(0xbe00 + bucket));
    }

    function _beneficiaries() private pure returns (Beneficiaries memory) {
        return Beneficiaries(_owner(0), _owner(1), _owner(2), _owner(3), _owner(4), _owner(5), _owner(6));
    }
}
