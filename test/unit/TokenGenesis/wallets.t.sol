// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";

import {Beneficiaries, Bucket, ITokenGenesis} from "../../../contracts/interfaces/ITokenGenesis.sol";

/// What a beneficiary can do with its wallet, and what nobody can.
contract TokenGenesisWalletsTest is Test {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant MONTH = 2_629_800;

    ITokenGenesis private genesis;
    IERC20 private opg;
    VestingWallet private wallet;
    address private owner = makeAddr("investors");
    address private heir = makeAddr("heir");
    address private stranger = makeAddr("stranger");

    function setUp() public {
        vm.warp(START);
        genesis = ITokenGenesis(deployCode("TokenGenesis.sol:TokenGenesis", abi.encode(_all(owner))));
        opg = IERC20(genesis.OPG_TOKEN());
        wallet = VestingWallet(payable(genesis.walletOf(Bucket.Investors)));
    }

    function test_revertsWhenABeneficiaryIsZero() public {
        for (uint256 i; i < 7; ++i) {
            bytes memory arguments = abi.encode(_all(owner));
            assembly ("memory-safe") {
                mstore(add(arguments, mul(32, add(i, 1))), 0)
            }
            bytes memory code = bytes.concat(vm.getCode("TokenGenesis.sol:TokenGenesis"), arguments);
            (address created, bytes memory problem) = _create(code);
            assertEq(created, address(0));
            assertEq(problem, abi.encodeWithSelector(ITokenGenesis.BeneficiaryZero.selector, Bucket(i)));
        }
    }

    function test_oneBeneficiaryMayHaveSeveralBuckets() public view {
        assertEq(opg.balanceOf(owner), 189_995_000 ether);
        assertEq(wallet.owner(), owner);
    }

    function test_aNewOwnerGetsAllThatIsNotReleasedYet() public {
        vm.warp(START + 24 * MONTH);
        wallet.release(address(opg));
        uint256 held = opg.balanceOf(owner);
        vm.warp(START + 36 * MONTH);
        vm.prank(owner);
        wallet.transferOwnership(heir);
        vm.prank(owner);
        wallet.release(address(opg));
        assertEq(opg.balanceOf(owner), held);
        assertEq(opg.balanceOf(heir), uint256(100_000_000 ether) / 3);
        vm.warp(START + 48 * MONTH);
        wallet.release(address(opg));
        assertEq(opg.balanceOf(heir), 100_000_000 ether - uint256(100_000_000 ether) / 3);
    }

    function test_onlyTheOwnerCanNameAnother() public {
        vm.expectRevert(abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", stranger));
        vm.prank(stranger);
        wallet.transferOwnership(stranger);
        vm.expectRevert(abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", address(genesis)));
        vm.prank(address(genesis));
        wallet.transferOwnership(address(genesis));
    }

    /// As the interface warns.
    function test_whatIsRenouncedIsLost() public {
        vm.prank(owner);
        wallet.renounceOwnership();
        vm.warp(START + 48 * MONTH);
        vm.expectRevert(abi.encodeWithSignature("ERC20InvalidReceiver(address)", address(0)));
        wallet.release(address(opg));
        assertEq(opg.balanceOf(address(wallet)), 100_000_000 ether);
    }

    /// Nothing that its owner or anyone calls makes a wallet release before its time.
    function test_nothingIsReleasedBeforeTheCliffEnds() public {
        vm.warp(START + 12 * MONTH);
        uint256 before = opg.balanceOf(owner);
        vm.startPrank(owner);
        wallet.release(address(opg));
        assertEq(opg.balanceOf(owner), before);
        bytes[5] memory calls = [
            abi.encodeWithSignature("setStart(uint64)", uint64(START)),
            abi.encodeWithSignature("setDuration(uint64)", uint64(1)),
            abi.encodeWithSignature("withdraw(address,uint256)", address(opg), 1),
            abi.encodeWithSignature("execute(address,uint256,bytes)", address(opg), 0, ""),
            abi.encodeWithSignature("approve(address,uint256)", owner, 1)
        ];
        for (uint256 i; i < calls.length; ++i) {
            (bool done, ) = address(wallet).call(calls[i]);
            assertFalse(done);
        }
        vm.expectRevert(abi.encodeWithSignature("ERC20InsufficientAllowance(address,uint256,uint256)", owner, 0, 1));
        opg.transferFrom(address(wallet), owner, 1);
        vm.stopPrank();
    }

    function test_whatIsSentToAWalletVestsWithTheRest() public {
        vm.prank(owner);
        opg.transfer(address(wallet), 36 ether);
        vm.warp(START + 13 * MONTH);
        assertEq(wallet.releasable(address(opg)), uint256(100_000_036 ether) / 36);
    }

    /// A wallet delegates to nobody, whoever asks it to.
    function test_whatHasNotVestedHasNoVotes() public {
        IVotes votes = IVotes(address(opg));
        vm.prank(owner);
        votes.delegate(owner);
        assertEq(votes.delegates(address(wallet)), address(0));
        assertEq(votes.getVotes(owner), opg.balanceOf(owner));
        vm.prank(owner);
        (bool done, ) = address(wallet).call(abi.encodeCall(IVotes.delegate, (owner)));
        assertFalse(done);
        vm.warp(START + 48 * MONTH);
        wallet.release(address(opg));
        assertEq(votes.getVotes(owner), 289_995_000 ether);
    }

    function _all(address who) private pure returns (Beneficiaries memory) {
        return Beneficiaries(who, who, who, who, who, who, who);
    }

    function _create(bytes memory code) private returns (address created, bytes memory problem) {
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
            let size := returndatasize()
            problem := mload(0x40)
            mstore(0x40, add(problem, and(add(size, 63), not(31))))
            mstore(problem, size)
            returndatacopy(add(problem, 32), 0, size)
        }
    }
}
