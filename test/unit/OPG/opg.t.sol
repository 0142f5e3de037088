// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Test} from "forge-std/Test.sol";
import {IOPG} from "../../../contracts/interfaces/IOPG.sol";

contract OpgTest is Test {
    uint256 private constant SUPPLY = 1_000_000_000 ether;
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    IOPG private opg;
    address private holder;
    uint256 private holderKey;
    address private spender = makeAddr("spender");

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.roll(1_000_000);
        (holder, holderKey) = makeAddrAndKey("holder");
        opg = IOPG(deployCode("contracts/OPG.sol:OPG", abi.encode(holder)));
    }

    function test_revertsWhenTheHolderIsZero() public {
        bytes memory code = bytes.concat(vm.getCode("contracts/OPG.sol:OPG"), abi.encode(address(0)));
        bytes memory problem;
        address created;
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
            let size := returndatasize()
            problem := mload(0x40)
            mstore(0x40, add(problem, and(add(size, 63), not(31))))
            mstore(problem, size)
            returndatacopy(add(problem, 32), 0, size)
        }
        assertEq(created, address(0));
        assertEq(problem, abi.encodeWithSignature("HolderZero()"));
    }

    function test_mintsTheSupplyOnceToTheHolder() public {
        vm.expectEmit();
        emit IERC20.Transfer(address(0), spender, SUPPLY);
        IOPG other = IOPG(deployCode("contracts/OPG.sol:OPG", abi.encode(spender)));
        assertEq(other.totalSupply(), SUPPLY);
        assertEq(other.balanceOf(spender), SUPPLY);
        assertEq(other.balanceOf(address(this)), 0);
    }

    function test_isNamedAsItsReadersKnowIt() public view {
        IERC20Metadata token = IERC20Metadata(address(opg));
        assertEq(token.name(), "OpenGradient");
        assertEq(token.symbol(), "OPG");
        assertEq(token.decimals(), 18);
    }

    function test_nobodyCanMint() public {
        bytes[3] memory calls = [
            abi.encodeWithSignature("mint(address,uint256)", holder, 1),
            abi.encodeWithSignature("mint(uint256)", 1),
            abi.encodeWithSignature("transferOwnership(address)", holder)
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(holder);
            (bool done, ) = address(opg).call(calls[i]);
            assertFalse(done);
        }
        assertEq(opg.totalSupply(), SUPPLY);
    }

    /// Stake, escrow and awards are paid out by plain transfers; a recipient that could act in one could stop it.
    function test_transfersCallNobody() public {
        vm.etch(spender, hex"fe");
        vm.prank(holder);
        assertTrue(opg.transfer(spender, 1 ether));
        assertEq(opg.balanceOf(spender), 1 ether);
    }

    function test_revertsWhenMoreIsBurnedThanThereIs() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, spender, 0, 1));
        vm.prank(spender);
        opg.burn(1);
    }

    function test_burnsForGood() public {
        vm.expectEmit(address(opg));
        emit IERC20.Transfer(holder, address(0), 7 ether);
        vm.prank(holder);
        opg.burn(7 ether);
        assertEq(opg.totalSupply(), SUPPLY - 7 ether);
        assertEq(opg.balanceOf(holder), SUPPLY - 7 ether);
        assertEq(opg.balanceOf(address(0)), 0);
    }

    function test_burnsForOthersByAllowanceOnly() public {
        bytes memory burnFrom = abi.encodeWithSignature("burnFrom(address,uint256)", holder, 2 ether);
        vm.prank(spender);
        (bool done, bytes memory problem) = address(opg).call(burnFrom);
        assertFalse(done);
        assertEq(
            problem,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, spender, 0, 2 ether)
        );

        vm.prank(holder);
        opg.approve(spender, 3 ether);
        vm.prank(spender);
        (done, ) = address(opg).call(burnFrom);
        assertTrue(done);
        assertEq(opg.allowance(holder, spender), 1 ether);
        assertEq(opg.totalSupply(), SUPPLY - 2 ether);
    }

    function test_permitsBySignatureOnce() public {
        uint256 deadline = block.timestamp;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(holderKey, _permitDigest(opg.DOMAIN_SEPARATOR(), 5 ether, deadline));
        vm.expectEmit(address(opg));
        emit IERC20.Approval(holder, spender, 5 ether);
        opg.permit(holder, spender, 5 ether, deadline, v, r, s);
        assertEq(opg.allowance(holder, spender), 5 ether);
        assertEq(opg.nonces(holder), 1);

        address recovered = ecrecover(_permitDigest(opg.DOMAIN_SEPARATOR(), 5 ether, deadline), v, r, s);
        vm.expectRevert(abi.encodeWithSignature("ERC2612InvalidSigner(address,address)", recovered, holder));
        opg.permit(holder, spender, 5 ether, deadline, v, r, s);
    }

    function test_revertsWhenThePermitHasExpired() public {
        uint256 deadline = block.timestamp - 1;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(holderKey, _permitDigest(opg.DOMAIN_SEPARATOR(), 1, deadline));
        vm.expectRevert(abi.encodeWithSignature("ERC2612ExpiredSignature(uint256)", deadline));
        opg.permit(holder, spender, 1, deadline, v, r, s);
    }

    function test_aPermitOfAnotherChainIsNone() public {
        uint256 deadline = block.timestamp;
        assertEq(opg.DOMAIN_SEPARATOR(), _domain(block.chainid));
        bytes32 foreign = _permitDigest(_domain(block.chainid + 1), 1 ether, deadline);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(holderKey, foreign);
        address recovered = ecrecover(_permitDigest(_domain(block.chainid), 1 ether, deadline), v, r, s);
        vm.expectRevert(abi.encodeWithSignature("ERC2612InvalidSigner(address,address)", recovered, holder));
        opg.permit(holder, spender, 1 ether, deadline, v, r, s);
    }

    function test_votesFollowTheTokens() public {
        IVotes votes = IVotes(address(opg));
        assertEq(votes.getVotes(holder), 0);
        vm.startPrank(holder);
        votes.delegate(holder);
        assertEq(votes.getVotes(holder), SUPPLY);
        vm.warp(1_800_000_002);
        opg.transfer(spender, 10 ether);
        opg.burn(5 ether);
        vm.stopPrank();
        vm.warp(1_800_000_004);

        assertEq(votes.getVotes(holder), SUPPLY - 15 ether);
        assertEq(votes.getVotes(spender), 0);
        assertEq(votes.getPastVotes(holder, 1_800_000_001), SUPPLY);
        assertEq(votes.getPastVotes(holder, 1_800_000_003), SUPPLY - 15 ether);
        assertEq(votes.getPastTotalSupply(1_800_000_003), SUPPLY - 5 ether);
    }

    function test_countsVotesBySeconds() public view {
        assertEq(IERC6372(address(opg)).clock(), block.timestamp);
        assertEq(IERC6372(address(opg)).CLOCK_MODE(), "mode=timestamp");
    }

    function testFuzz_movesExactlyWhatItIsTold(address to, uint256 amount, uint256 burned) public {
        vm.assume(to != address(0) && to != holder);
        amount = bound(amount, 0, SUPPLY);
        burned = bound(burned, 0, amount);
        vm.prank(holder);
        opg.transfer(to, amount);
        vm.prank(to);
        opg.burn(burned);
        assertEq(opg.balanceOf(holder), SUPPLY - amount);
        assertEq(opg.balanceOf(to), amount - burned);
        assertEq(opg.totalSupply(), SUPPLY - burned);
    }

    function _permitDigest(bytes32 domain, uint256 amount, uint256 deadline) private view returns (bytes32) {
        bytes32 structHash = keccak256(
            abi.encode(PERMIT_TYPEHASH, holder, spender, amount, opg.nonces(holder), deadline)
        );
        return keccak256(bytes.concat(hex"1901", domain, structHash));
    }

    function _domain(uint256 chainId) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256("OpenGradient"),
                    keccak256("1"),
                    chainId,
                    address(opg)
                )
            );
    }
}
