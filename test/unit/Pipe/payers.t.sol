// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {Call, IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

/// Catches whatever `infer` ends in, and goes on.
contract CatchingConsumer {
    IPipe private immutable _PIPE;
    bytes public caught;

    constructor(IPipe pipe) {
        _PIPE = pipe;
    }

    function ask(InferenceQuery calldata query, bytes calldata carried) external {
        try _PIPE.infer(query, msg.sender, carried) {
            caught = "answered";
        } catch (bytes memory reason) {
            caught = reason;
        }
    }
}

/// Who pays, and that nobody else does.
contract PipePayersTest is PipeFixture {
    function test_rule12_neverUsesWhatAnotherAccountPlanted() public {
        _pay(stranger, 1 ether);
        _preload(stranger, _bundle(stranger, address(0), _item(INPUT, ANSWER)));
        _expectFailure(user, address(consumer), _ask(), _missing(user, address(consumer), INPUT));
    }

    function test_rule12_chargesAResultOnce() public {
        bytes memory results = _bundle(user, address(0), _item(INPUT, ANSWER));
        vm.startPrank(user);
        pipe.preload(results);
        pipe.preload(results);
        vm.stopPrank();
        _send(user, address(consumer), _carry(_ask(), _usual()));
        assertEq(_spendable(user), 100 ether - FEE);
        assertEq(money.earningsOf(operator.id, release).unripe, FEE);
    }

    function test_rule12_chargesACarriedResultOnce() public {
        for (uint256 i; i < 3; ++i) _send(user, address(consumer), _carry(_ask(), _usual()));
        assertEq(_spendable(user), 100 ether - FEE);
        assertEq(money.earningsOf(operator.id, release).unripe, FEE);
    }

    function test_rule12_keepsTheFirstLoad() public {
        vm.startPrank(user);
        pipe.preload(_bundle(user, address(0), _item(INPUT, ANSWER)));
        pipe.preload(_bundle(user, address(0), _item(INPUT, keccak256("another"))));
        vm.stopPrank();
        _send(user, address(consumer), _ask());
        assertEq(consumer.answers(0), ANSWER);
        assertEq(money.balanceOf(user), 90 ether - FEE);
    }

    /// A contract may name any account and read what it loaded for everybody; that costs the account nothing more,
    /// and takes nothing from it.
    function test_rule12_readingAnothersResultCostsItNothing() public {
        _preload(user, _bundle(user, address(0), _item(INPUT, ANSWER)));
        vm.prank(stranger);
        assertEq(pipe.infer(consumer.queryOf(release, INPUT), user, ""), abi.encode(ANSWER));
        (bool success, ) = _send(user, address(consumer), _ask());
        assertTrue(success);
        assertEq(_spendable(user), 100 ether - FEE);
    }

    /// The operator is the caller, and pumps a contract that pays for its callers.
    function test_rule11_boundsThePumpByTheBlockLimit() public {
        CarryingConsumer payer = _payingConsumer(2 * FEE);
        assertEq(_pump(payer, 6, 0), 2);
        assertEq(pipe.budgetOf(address(payer), address(payer)).balance, 100 ether - 2 * FEE);
        assertEq(money.earningsOf(operator.id, release).unripe, 2 * FEE);
        vm.roll(block.number + 1);
        assertEq(_pump(payer, 6, 6), 2, "the next block has a limit of its own");
    }

    /// The executor is no way round the limit, and one fee above it is refused whole.
    function test_rule11_boundsThePumpThroughTheExecutor() public {
        CarryingConsumer payer = _payingConsumer(2 * FEE);
        Call[] memory calls = new Call[](3);
        for (uint256 i; i < 3; ++i) {
            calls[i] = Call(address(payer), 0, _pumping(payer, i, FEE));
        }
        vm.expectRevert(abi.encodeWithSelector(IPipe.BlockLimitReached.selector, payer, payer, 0, FEE));
        vm.prank(operator.owner);
        pipe.execute("", calls);
        assertEq(pipe.budgetOf(address(payer), address(payer)).balance, 100 ether);
        _expectNothingCharged(
            operator.owner,
            address(payer),
            _pumping(payer, 0, 2 * FEE + GRAIN),
            IPipe.BlockLimitReached.selector
        );
    }

    /// What a contract did not set aside, its callers cannot spend.
    function test_rule11_leavesTheRestOfTheContractsMoney() public {
        CarryingConsumer payer = _payingConsumer(type(uint40).max * GRAIN);
        vm.prank(address(payer));
        pipe.drainBudget(address(payer), 100 ether - FEE);
        assertEq(_pump(payer, 3, 0), 1);
        assertEq(money.balanceOf(address(payer)), 100 ether - FEE);
    }

    function test_rule11_takesFromNobodyWhoDidNotAgree() public {
        bytes memory results = _bundle(user, stranger, _item(INPUT, ANSWER));
        bytes memory callData = abi.encodeCall(IPipe.infer, (consumer.queryOf(release, INPUT), user, results));
        _expectFailure(
            stranger,
            address(pipe),
            callData,
            abi.encodeWithSelector(IPipe.BudgetTooLow.selector, user, stranger, 0, FEE)
        );
        assertEq(_spendable(user), 100 ether);
    }

    /// A budget is for one consumer; another that names the same account has none.
    function test_rule11_aBudgetServesItsConsumerAlone() public {
        CarryingConsumer other = _consumer(false);
        bytes memory results = _bundle(user, address(other), _item(INPUT, ANSWER));
        _expectFailure(
            user,
            address(other),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.BudgetTooLow.selector, user, other, 0, FEE)
        );
    }

    /// Carried results cost the budget, never the balance, however much is there.
    function test_rule11_neverTakesFromTheBalanceForCarriedResults() public {
        vm.prank(user);
        pipe.drainBudget(address(consumer), 10 ether - FEE + GRAIN);
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), _usual()),
            abi.encodeWithSelector(IPipe.BudgetTooLow.selector, user, consumer, FEE - GRAIN, FEE)
        );
    }

    function test_aConsumerThatCatchesTheRevertIsNotCharged() public {
        (bool success, ) = _send(user, address(consumer), abi.encodeCall(CarryingConsumer.tryAsk, (release, 0, INPUT)));
        assertTrue(success);
        assertEq(_spendable(user), 100 ether);
    }

    /// A result that was loaded, and turned out not to do: with the error that the consumer swallows goes the charge.
    function test_aSwallowedErrorUndoesTheLoadAndTheCharge() public {
        CatchingConsumer catching = new CatchingConsumer(pipe);
        vm.prank(user);
        pipe.fundBudget(address(catching), 10 ether, 10 ether);
        Item[] memory items = _item(INPUT, ANSWER);
        bytes memory carried = _bundle(user, address(catching), items);
        InferenceQuery memory query = consumer.queryOf(release, INPUT);
        query.maxFee = FEE - GRAIN;
        vm.prank(user);
        catching.ask(query, carried);
        assertEq(catching.caught(), abi.encodeWithSelector(IPipe.FeeAboveMaximum.selector, FEE, FEE - GRAIN));
        assertEq(pipe.budgetOf(user, address(catching)).balance, 10 ether);
        assertEq(money.earningsOf(operator.id, release).unripe, 0);

        query.maxFee = FEE;
        vm.prank(user);
        catching.ask(query, "");
        assertEq(catching.caught(), _missing(user, address(catching), query), "it is not loaded either");
        vm.prank(user);
        catching.ask(query, carried);
        assertEq(catching.caught(), "answered");
        assertEq(pipe.budgetOf(user, address(catching)).balance, 10 ether - FEE);
    }

    function _payingConsumer(uint256 blockLimit) private returns (CarryingConsumer payer) {
        payer = _consumer(true);
        _pay(address(payer), 200 ether);
        vm.prank(address(payer));
        pipe.fundBudget(address(payer), 100 ether, blockLimit);
        vm.prank(address(payer));
        IEscrow(address(pipe)).withdraw(publisher, 100 ether);
    }

    function _pump(CarryingConsumer payer, uint256 times, uint256 from) private returns (uint256 served) {
        for (uint256 i = from; i < from + times; ++i) {
            (bool success, ) = _send(operator.owner, address(payer), _pumping(payer, i, FEE));
            if (success) ++served;
        }
    }

    function _pumping(CarryingConsumer payer, uint256 salt, uint256 fee) private view returns (bytes memory) {
        bytes memory input = abi.encode(salt);
        Item[] memory items = _item(input, ANSWER);
        items[0].fee = fee;
        bytes memory ask = abi.encodeCall(CarryingConsumer.ask, (release, 0, input));
        return _carry(ask, _bundle(address(payer), address(payer), items));
    }
}
