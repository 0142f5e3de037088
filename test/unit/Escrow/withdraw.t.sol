// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Account as EscrowAccount, IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {EscrowFixture} from "./EscrowFixture.sol";

contract WithdrawTest is EscrowFixture {
    function setUp() public override {
        super.setUp();
        _deposit(user, 10 ether);
    }

    function test_revertsWhenTheRecipientIsZero() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.RecipientZero.selector));
        vm.prank(user);
        requests.withdraw(address(0), 1);
    }

    function test_revertsWhenTheBalanceIsTooLow() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BalanceTooLow.selector, user, 10 ether, 10 ether + 1));
        vm.prank(user);
        requests.withdraw(user, 10 ether + 1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BalanceTooLow.selector, user, 10 ether, type(uint256).max));
        vm.prank(user);
        requests.withdraw(user, type(uint256).max);
    }

    function test_paysOut() public {
        vm.expectEmit(address(requests));
        emit IEscrow.Withdrawn(user, stranger, 4 ether);
        vm.prank(user);
        requests.withdraw(stranger, 4 ether);
        assertEq(opg.balanceOf(stranger), 4 ether);
        assertEq(requests.balanceOf(user), 6 ether);
    }

    function test_rule11_nobodyWithdrawsWhatIsAnothers() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BalanceTooLow.selector, stranger, 0, 1));
        vm.prank(stranger);
        requests.withdraw(stranger, 1);
    }

    /// What stands for an accepted request or an open one is out of reach until that is over.
    function test_leavesWhatIsHeldForObligations() public {
        Request memory opened = _ask(release, FEE);
        _accept(operator, opened);
        EscrowAccount memory account = requests.accountOf(operator.signer);
        assertEq(account.balance, 0);
        assertEq(account.reserved, FEE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BalanceTooLow.selector, operator.signer, 0, 1));
        vm.prank(operator.signer);
        requests.withdraw(operator.signer, 1);
    }
}
