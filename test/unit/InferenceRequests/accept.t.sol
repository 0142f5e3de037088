// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Account as EscrowAccount, IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {
    Acceptance,
    IInferenceRequests,
    RequestState,
    RequestTerms
} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {RequestsFixture, SignedAnswers} from "./RequestsFixture.sol";

contract AcceptTest is RequestsFixture {
    Request internal opened;

    function setUp() public override {
        super.setUp();
        _deposit(operator.signer, 100 ether);
        _deposit(rival.signer, 100 ether);
        opened = _openFunded(1);
    }

    function test_revertsWhenThereIsNoSuchRequest() public {
        Request memory elsewhere = _openFunded(2);
        skip(MIN_OPEN_TIME);
        vm.prank(user);
        requests.cancel(elsewhere);
        _expectNotInState(elsewhere, RequestState.Cancelled);
        _accept(operator.signer, elsewhere);
    }

    function test_revertsWhenTheRequestDoesNotMatch() public {
        Request memory forged = opened;
        forged.inputHash = keccak256("another input");
        _expectMismatch(forged);
        _accept(operator.signer, forged);
    }

    function test_revertsWhenItIsAcceptedAlready() public {
        _accept(operator.signer, opened);
        _expectNotInState(opened, RequestState.Accepted);
        _accept(rival.signer, opened);
    }

    function test_revertsWhenTheDeadlineHasPassed() public {
        uint40 deadline = opened.times.deadline();
        vm.warp(deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.DeadlinePassed.selector, requests.idOf(opened), deadline)
        );
        _accept(operator.signer, opened);
    }

    function test_revertsWhenAcceptingIsNotAllowed() public {
        RequestTerms memory terms = _terms(2);
        terms.acceptPeriod = 0;
        Request memory fast = _openFor(user, terms);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRequests.AcceptNotAllowed.selector, requests.idOf(fast)));
        _accept(operator.signer, fast);
    }

    function test_revertsWhenTheCallerIsNoActiveSigner() public {
        _expectNotActive(stranger);
        _accept(stranger, opened);
        // Owning an operator is not signing for it.
        _expectNotActive(operator.owner);
        _accept(operator.owner, opened);

        vm.prank(operator.owner);
        operators.revokeSigner(operator.signer);
        _expectNotActive(operator.signer);
        _accept(operator.signer, opened);

        _slash(rival, 1);
        _expectNotActive(rival.signer);
        _accept(rival.signer, opened);
    }

    function test_revertsWhenAnotherOperatorWasChosen() public {
        RequestTerms memory terms = _terms(2);
        terms.operatorId = rival.id;
        Request memory chosen = _openFor(user, terms);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRequests.OperatorNotChosen.selector, requests.idOf(chosen), operator.id)
        );
        _accept(operator.signer, chosen);
        _accept(rival.signer, chosen);
        assertState(chosen, RequestState.Accepted);
    }

    function test_revertsWhenTheStakeIsTooLow() public {
        RequestTerms memory terms = _terms(2);
        terms.minStake = STAKE + GRAIN;
        Request memory demanding = _openFor(user, terms);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceRequests.OperatorStakeTooLow.selector,
                operator.signer,
                STAKE,
                STAKE + GRAIN
            )
        );
        _accept(operator.signer, demanding);
        // Stake on its way out counts for no minimum.
        terms.minStake = STAKE;
        terms.lane = 3;
        demanding = _openFor(user, terms);
        vm.prank(operator.owner);
        operators.unbond(operator.id, GRAIN);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceRequests.OperatorStakeTooLow.selector,
                operator.signer,
                STAKE - GRAIN,
                STAKE
            )
        );
        _accept(operator.signer, demanding);
        _accept(rival.signer, demanding);
    }

    function test_revertsWhenNoSlotIsFree() public {
        for (uint32 lane = 10; lane < 10 + SLOTS; ++lane) _accept(operator.signer, _openFunded(lane));
        vm.expectRevert(abi.encodeWithSelector(IInferenceRequests.NoFreeSlot.selector, operator.signer, SLOTS));
        _accept(operator.signer, opened);
    }

    function test_revertsWhenTheBondIsMissing() public {
        vm.prank(operator.signer);
        requests.withdraw(operator.owner, 100 ether - FEE + 1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BalanceTooLow.selector, operator.signer, FEE - 1, FEE));
        _accept(operator.signer, opened);
    }

    function test_takesTheRequestAndABond() public {
        uint40 until = uint40(block.timestamp) + 10 minutes;
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestAccepted(requests.idOf(opened), operator.signer, until);
        _accept(operator.signer, opened);

        assertState(opened, RequestState.Accepted);
        EscrowAccount memory account = requests.accountOf(operator.signer);
        assertEq(account.balance, 100 ether - FEE);
        assertEq(account.reserved, FEE);
        assertEq(account.reservations, 1);
    }

    function test_endsAtTheDeadlineAtTheLatest() public {
        uint40 deadline = opened.times.deadline();
        vm.warp(deadline);
        vm.expectEmit(address(requests));
        emit IInferenceRequests.RequestAccepted(requests.idOf(opened), operator.signer, deadline);
        _accept(operator.signer, opened);
    }

    function test_anAnswerFreesTheSlotAndTheBond() public {
        Acceptance memory acceptance = _acceptance(opened);
        _accept(operator.signer, opened);
        _send(_signed(operator, opened, acceptance));
        EscrowAccount memory account = requests.accountOf(operator.signer);
        assertEq(account.balance, 100 ether);
        assertEq(account.reserved, 0);
        assertEq(account.reservations, 0);
    }

    /// Slots that went away with the stake do not strand what was accepted before.
    function test_keepsWhatWasAcceptedWhenSlotsGoAway() public {
        Actor memory small = _onboard("small", 4000 ether);
        _deposit(small.signer, 100 ether);
        for (uint32 lane = 10; lane < 20; ++lane) _accept(small.signer, _openFunded(lane));
        vm.prank(small.owner);
        operators.unbond(small.id, 3900 ether);
        assertEq(_standing(small).slots, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceRequests.OperatorStakeTooLow.selector,
                small.signer,
                100 ether,
                RELEASE_MIN_STAKE
            )
        );
        _accept(small.signer, opened);
        assertEq(requests.accountOf(small.signer).reservations, 10);
    }

    /// The old key's acceptances stay the operator's, whichever key answers.
    function test_rotatedSignerAnswersWhatTheOldOneAccepted() public {
        Acceptance memory acceptance = _acceptance(opened);
        _accept(operator.signer, opened);
        Actor memory rotated = _rotate(operator, "operator's second signer");
        SignedAnswers memory theirs = _signed(rival, opened, acceptance);
        _expectNothingFulfilled(IInferenceRequests.AcceptanceMismatch.selector);
        _send(theirs);
        _send(_signed(rotated, opened, acceptance));
        assertState(opened, RequestState.Fulfilled);
        assertEq(requests.balanceOf(operator.signer), 100 ether);
        assertEq(requests.accountOf(operator.signer).reservations, 0);
    }

    function test_rule11_nobodyCanAcceptWithAnothersBond() public {
        uint256 before = requests.balanceOf(rival.signer);
        _accept(operator.signer, opened);
        assertEq(requests.balanceOf(rival.signer), before);
        assertEq(requests.balanceOf(operator.owner), 0);
    }

    /// After a reorg, another request under the same requester, lane and nonce has another id.
    function test_rule15_acceptanceBindsEveryTerm() public {
        uint256 snapshot = vm.snapshotState();
        vm.revertToState(snapshot);
        RequestTerms memory terms = _terms(9);
        _deposit(user, 2 * FEE);
        snapshot = vm.snapshotState();
        Request memory first = _open(user, terms, "input");
        vm.revertToState(snapshot);
        Request memory second = _open(user, terms, "another input");
        assertEq(first.origin.nonce(), second.origin.nonce());
        _expectMismatch(first);
        _accept(operator.signer, first);
    }

    function _accept(address signer, Request memory request_) private {
        vm.prank(signer);
        requests.accept(request_);
    }

    function _acceptance(Request memory request_) private view returns (Acceptance memory) {
        return Acceptance(uint40(block.timestamp) + request_.times.acceptPeriod(), operator.signer);
    }

    function _expectNotActive(address signer) private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRequests.OperatorNotActive.selector, signer));
    }
}
