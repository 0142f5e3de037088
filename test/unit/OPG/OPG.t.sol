// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Permit} from "../../../contracts/interfaces/IOperators.sol";
import {NetworkFixture} from "../support/NetworkFixture.sol";

contract OPGTest is NetworkFixture {
    function test_revertsWhenTheHolderIsZero() public {
        bytes memory reason = _reasonOfCreating("contracts/OPG.sol:OPG", abi.encode(address(0)));
        assertEq(reason, abi.encodeWithSignature("HolderZero()"));
    }

    function test_mintsTheWholeSupplyOnce() public view {
        assertEq(opg.totalSupply(), SUPPLY);
        assertEq(opg.balanceOf(address(this)), SUPPLY);
        assertEq(IERC20Metadata(address(opg)).name(), "OpenGradient");
        assertEq(IERC20Metadata(address(opg)).symbol(), "OPG");
        assertEq(IERC20Metadata(address(opg)).decimals(), 18);
    }

    function test_burnsForGoodAndOnlyOnesOwn() public {
        opg.burn(1 ether);
        assertEq(opg.totalSupply(), SUPPLY - 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, stranger, 0, 1));
        vm.prank(stranger);
        opg.burn(1);
    }

    function test_permitsOnceAndNotAfterItsDeadline() public {
        (address owner, uint256 key) = makeAddrAndKey("owner");
        Permit memory permit = _permit(key, user, 5 ether);
        opg.permit(owner, user, 5 ether, permit.deadline, permit.v, permit.r, permit.s);
        assertEq(opg.allowance(owner, user), 5 ether);
        assertEq(opg.nonces(owner), 1);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        opg.permit(owner, user, 5 ether, permit.deadline, permit.v, permit.r, permit.s);
        permit = _permit(key, user, 5 ether);
        vm.warp(permit.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, permit.deadline));
        opg.permit(owner, user, 5 ether, permit.deadline, permit.v, permit.r, permit.s);
    }

    function test_votesFollowTheDelegateAndTheBurn() public {
        IVotes(address(opg)).delegate(user);
        assertEq(IVotes(address(opg)).getVotes(user), SUPPLY);
        _fund(stranger, 1 ether);
        opg.burn(2 ether);
        assertEq(IVotes(address(opg)).getVotes(user), SUPPLY - 3 ether);
    }

    function testFuzz_movesExactlyWhatItIsTold(uint256 amount) public {
        amount = bound(amount, 0, SUPPLY);
        assertTrue(opg.transfer(user, amount));
        assertEq(opg.balanceOf(user), amount);
        assertEq(opg.balanceOf(address(this)), SUPPLY - amount);
    }
}
