// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallenges} from "../../../contracts/interfaces/IChallenges.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ExactFixture} from "../support/ExactFixture.sol";

/// Withdraws again from inside its withdrawal.
contract Greedy {
    IChallenges private immutable _disputes;

    constructor(IChallenges disputes) {
        _disputes = disputes;
    }

    function withdraw() external {
        _disputes.withdrawCoin(payable(address(this)));
    }

    receive() external payable {
        _disputes.withdrawCoin(payable(address(this)));
    }
}

/// Takes no coin.
contract Refusing {
    IChallenges private immutable _disputes;

    constructor(IChallenges disputes) {
        _disputes = disputes;
    }

    function withdraw(address payable to) external {
        _disputes.withdrawCoin(to);
    }
}

contract WithdrawCoinTest is ExactFixture {
    function test_revertsWithoutCredit() public {
        vm.expectRevert(abi.encodeWithSelector(IChallenges.NoCredit.selector, stranger));
        vm.prank(stranger);
        disputes.withdrawCoin(payable(stranger));
    }

    function test_paysTheCreditOnce() public {
        _credit(challenger, 3 ether);
        vm.prank(challenger);
        assertEq(disputes.withdrawCoin(payable(user)), 3 ether);
        assertEq(user.balance, 3 ether);
        assertEq(disputes.creditOf(challenger), 0);
    }

    function test_aReceiverThatReentersGetsNothing() public {
        Greedy greedy = new Greedy(disputes);
        _credit(address(greedy), 1 ether);
        _credit(challenger, 5 ether);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.CoinRefused.selector, address(greedy), 1 ether));
        greedy.withdraw();
        assertEq(disputes.creditOf(address(greedy)), 1 ether);
    }

    function test_aReceiverThatRefusesKeepsItsCreditAndStopsNobody() public {
        Refusing refusing = new Refusing(disputes);
        _credit(address(refusing), 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IChallenges.CoinRefused.selector, address(refusing), 1 ether));
        refusing.withdraw(payable(address(refusing)));
        refusing.withdraw(payable(user));
        assertEq(user.balance, 1 ether);
    }

    function test_takesNoCoinOutsideOfABond() public {
        vm.deal(user, 1 ether);
        vm.prank(user);
        (bool isTaken, ) = address(disputes).call{value: 1 ether}("");
        assertFalse(isTaken);
    }

    /// Credit comes from what is sent above a bond; each against a lie of its own.
    function _credit(address account, uint256 amount) private {
        SignedResult memory lie = _signed(abi.encode(account), LIE);
        uint256 bond = disputes.bondFor(GRAPH_ROOT, block.basefee);
        vm.deal(account, bond + amount);
        vm.prank(account);
        disputes.openChallenge{value: bond + amount}(lie);
        assertEq(disputes.creditOf(account), amount);
    }
}
