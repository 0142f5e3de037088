// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Test} from "forge-std/Test.sol";

interface IWrapper is IERC5805, IERC20Metadata {
    function depositFor(address account, uint256 value) external returns (bool);

    function withdrawTo(address account, uint256 value) external returns (bool);

    function underlying() external view returns (IERC20);
}

contract OPGVotesTest is Test {
    uint256 private constant START = 1_800_000_000;

    IERC20 private opg;
    IWrapper private votes;
    address private holder = makeAddr("holder");
    address private stranger = makeAddr("stranger");

    function setUp() public {
        vm.warp(START);
        opg = IERC20(deployCode("PlainToken.sol:PlainToken", abi.encode(holder, 1000 ether, uint8(18))));
        votes = IWrapper(deployCode("OPGVotes.sol:OPGVotes", abi.encode(opg)));
        vm.prank(holder);
        opg.approve(address(votes), type(uint256).max);
    }

    function test_isNamedAsItsReadersKnowIt() public view {
        assertEq(votes.symbol(), "vOPG");
        assertEq(votes.decimals(), 18);
        assertEq(address(votes.underlying()), address(opg));
        assertEq(votes.CLOCK_MODE(), "mode=timestamp");
        assertEq(votes.clock(), START);
    }

    function test_givesVotesForOpgAndOpgForVotes() public {
        vm.startPrank(holder);
        votes.depositFor(holder, 60 ether);
        votes.delegate(holder);
        assertEq(votes.getVotes(holder), 60 ether);
        vm.warp(START + 10);
        votes.withdrawTo(stranger, 60 ether);
        vm.stopPrank();
        vm.warp(START + 20);
        assertEq(votes.getVotes(holder), 0);
        assertEq(votes.getPastVotes(holder, START + 9), 60 ether);
        assertEq(votes.getPastTotalSupply(START + 9), 60 ether);
        assertEq(opg.balanceOf(stranger), 60 ether);
        assertEq(votes.totalSupply(), 0);
    }

    function test_revertsWhenMoreIsTakenOutThanWasPutIn() public {
        vm.prank(holder);
        votes.depositFor(holder, 60 ether);
        vm.expectRevert(abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", stranger, 0, 1));
        vm.prank(stranger);
        votes.withdrawTo(stranger, 1);
    }

    function test_nobodyWrapsForTheWrapperItself() public {
        vm.expectRevert(abi.encodeWithSignature("ERC20InvalidReceiver(address)", address(votes)));
        vm.prank(holder);
        votes.depositFor(address(votes), 1);
    }

    function testFuzz_holdsOneOpgForEachVote(uint256 put, uint256 taken, uint256 sent) public {
        put = bound(put, 0, 1000 ether);
        taken = bound(taken, 0, put);
        sent = bound(sent, 0, 1000 ether - put);
        vm.startPrank(holder);
        votes.depositFor(stranger, put);
        opg.transfer(address(votes), sent);
        vm.stopPrank();
        vm.prank(stranger);
        votes.withdrawTo(stranger, taken);
        assertEq(votes.totalSupply(), put - taken);
        assertEq(opg.balanceOf(address(votes)), put - taken + sent);
        assertEq(opg.balanceOf(stranger), taken);
    }
}
