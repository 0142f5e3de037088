// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {Call, IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {IPipeExecutor} from "../../../contracts/interfaces/IPipeExecutor.sol";
import {PipeFixture} from "./PipeFixture.sol";

/// Makes the planned calls whenever it is called or paid, and keeps what became of them.
contract ReentrantTarget {
    Call[] private _plan;
    bytes[] public outcomes;
    bool[] public succeeded;

    receive() external payable {
        _reenter();
    }

    fallback() external payable {
        _reenter();
    }

    function plan(address target, bytes calldata data) external {
        _plan.push(Call(target, 0, data));
    }

    function run(address target, bytes calldata data) external payable {
        (bool success, bytes memory problem) = target.call{value: msg.value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(problem, 32), mload(problem))
            }
        }
    }

    function _reenter() private {
        for (uint256 i; i < _plan.length; ++i) {
            (bool success, bytes memory data) = _plan[i].target.call(_plan[i].data);
            succeeded.push(success);
            outcomes.push(data);
        }
    }
}

/// RULE 1: whoever is called from inside an execution is as powerless as outside it.
contract PipeReentrancyTest is PipeFixture {
    ReentrantTarget private hostile;

    function setUp() public override {
        super.setUp();
        hostile = new ReentrantTarget();
        _pay(address(hostile), 1 ether);
    }

    /// The target is called between the load and the use of the caller's result, and tries everything.
    function test_rule01_movesNobodysMoneyFromInsideAnExecution() public {
        address executor = pipe.executor();
        bytes memory planted = _bundle(address(hostile), address(0), _item(INPUT, keccak256("planted")));
        hostile.plan(address(pipe), abi.encodeCall(IPipe.preload, (planted)));
        hostile.plan(address(pipe), abi.encodeCall(IPipe.execute, (planted, new Call[](0))));
        hostile.plan(executor, abi.encodeCall(IPipeExecutor.run, (new Call[](0), payable(address(hostile)))));
        bytes memory forUser = _bundle(user, address(hostile), _item("x", ANSWER));
        hostile.plan(address(pipe), abi.encodeCall(IPipe.infer, (consumer.queryOf(release, "x"), user, forUser)));
        bytes memory forExecutor = _bundle(executor, address(hostile), _item("x", ANSWER));
        hostile.plan(
            address(pipe),
            abi.encodeCall(IPipe.infer, (consumer.queryOf(release, "x"), executor, forExecutor))
        );
        hostile.plan(address(pipe), abi.encodeCall(IPipe.fundBudget, (address(hostile), 0.5 ether, 1 ether)));
        hostile.plan(address(pipe), abi.encodeCall(IPipe.drainBudget, (address(consumer), GRAIN)));
        hostile.plan(address(pipe), abi.encodeCall(IEscrow.withdraw, (address(hostile), 1 ether)));

        _executeWithHostileFirst();

        assertTrue(hostile.succeeded(0), "its own load is its own affair");
        assertEq(hostile.outcomes(1), abi.encodeWithSelector(IPipe.ExecutionNested.selector));
        assertEq(hostile.outcomes(2), abi.encodeWithSelector(IPipeExecutor.NotPipe.selector, hostile));
        assertEq(hostile.outcomes(3), abi.encodeWithSelector(IPipe.BudgetTooLow.selector, user, hostile, 0, FEE));
        assertEq(hostile.outcomes(4), abi.encodeWithSelector(IPipe.BudgetTooLow.selector, executor, hostile, 0, FEE));
        assertTrue(hostile.succeeded(5), "its own budget too");
        assertEq(hostile.outcomes(6), abi.encodeWithSelector(IPipe.BudgetTooLow.selector, hostile, consumer, 0, GRAIN));
        assertEq(
            hostile.outcomes(7),
            abi.encodeWithSelector(IEscrow.BalanceTooLow.selector, hostile, 0.5 ether - FEE, 1 ether)
        );
        assertEq(money.balanceOf(address(hostile)), 0.5 ether - FEE);
        assertEq(pipe.budgetOf(address(hostile), address(hostile)).balance, 0.5 ether);
        _expectSolvent();
    }

    /// A target may read what the execution loaded for anybody: the use is logged, and charged to nobody again.
    function test_rule12_aTargetThatUsesTheExecutionsResultTakesNothing() public {
        bytes memory infer = abi.encodeCall(IPipe.infer, (consumer.queryOf(release, INPUT), pipe.executor(), ""));
        hostile.plan(address(pipe), infer);
        _executeWithHostileFirst();
        assertEq(abi.decode(hostile.outcomes(0), (bytes)), abi.encode(ANSWER));
        assertEq(money.earningsOf(operator.id, release).unripe, FEE);
        _expectSolvent();
    }

    /// The caller itself re-enters when it is given back what the calls left.
    function test_rule01_theRefundIsNoWayIn() public {
        vm.deal(address(hostile), 1 ether);
        bytes memory results = _bundle(address(hostile), address(0), _item(INPUT, ANSWER));
        hostile.plan(address(pipe), abi.encodeCall(IPipe.execute, (results, new Call[](0))));
        hostile.plan(address(pipe), abi.encodeCall(IPipe.infer, (consumer.queryOf(release, INPUT), user, "")));
        bytes memory execute = abi.encodeCall(IPipe.execute, (results, new Call[](0)));
        hostile.run{value: 1 ether}(address(pipe), execute);
        assertEq(hostile.outcomes(0), abi.encodeWithSelector(IPipe.ExecutionNested.selector));
        assertEq(hostile.outcomes(1), _missing(user, address(hostile), INPUT));
        assertEq(address(hostile).balance, 2 ether);
        assertEq(money.balanceOf(address(hostile)), 1 ether - FEE);
        assertFalse(pipe.isExecuting());
        _expectSolvent();
    }

    /// Coins that a target pays into the executor go to the caller; it cannot make the executor pay out others'.
    function test_rule01_targetsCannotTakeTheCallersCoins() public {
        vm.deal(user, 3 ether);
        Call[] memory calls = new Call[](2);
        calls[0] = Call(address(hostile), 1 ether, "");
        calls[1] = Call(address(consumer), 0, _ask());
        bytes memory results = _bundle(user, address(0), _item(INPUT, ANSWER));
        hostile.plan(address(pipe), abi.encodeCall(IPipe.execute, ("", calls)));
        vm.prank(user);
        pipe.execute{value: 3 ether}(results, calls);
        assertEq(address(hostile).balance, 1 ether);
        assertEq(user.balance, 2 ether);
        assertEq(pipe.executor().balance, 0);
    }

    function _executeWithHostileFirst() private {
        Call[] memory calls = new Call[](2);
        calls[0] = Call(address(hostile), 0, hex"01");
        calls[1] = Call(address(consumer), 0, _ask());
        bytes memory results = _bundle(user, address(0), _item(INPUT, ANSWER));
        vm.prank(user);
        pipe.execute(results, calls);
        assertEq(consumer.answers(0), ANSWER, "the caller's own result answers");
        assertEq(_spendable(user), 100 ether - FEE);
        assertFalse(pipe.isExecuting());
    }

    /// All that is owed is there, to the wei: nobody gave the contract anything besides.
    function _expectSolvent() private view {
        uint256 owed = money.balanceOf(user) + money.balanceOf(address(hostile));
        owed += pipe.budgetOf(user, address(consumer)).balance;
        owed += pipe.budgetOf(address(hostile), address(hostile)).balance;
        owed += money.earningsOf(operator.id, release).unripe;
        assertEq(opg.balanceOf(address(pipe)), owed);
    }
}
