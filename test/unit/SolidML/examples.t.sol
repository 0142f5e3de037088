// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {CreditDesk} from "../../../contracts/examples/solidml/CreditDesk.sol";
import {VolatilityFee} from "../../../contracts/examples/solidml/VolatilityFee.sol";
import {IPriceSource, VolatilityHistory} from "../../../contracts/examples/solidml/VolatilityHistory.sol";
import {ISolidML, ModelInferenceMode, ModelOutput} from "../../../contracts/solidml/ISolidML.sol";
import {ModelWorkflow} from "../../../contracts/solidml/ModelWorkflow.sol";
import {TensorLib} from "../../../contracts/solidml/TensorLib.sol";

/// The contracts that were written from the published description, before a front whose answers the test gives.
contract ExamplesTest is Test {
    ISolidML private front = ISolidML(makeAddr("front"));
    address private source = makeAddr("source");

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.etch(address(front), hex"00");
        vm.etch(source, hex"00");
        vm.mockCall(source, abi.encodeCall(IPriceSource.price, ()), abi.encode(int128(2000e8)));
    }

    function _answer(int128 value, int128 decimals, bool isSimulation) private {
        ModelOutput memory output;
        output.numbers = new TensorLib.MultiDimensionalNumberTensor[](1);
        output.numbers[0].name = "Y";
        output.numbers[0].values = new TensorLib.Number[](1);
        output.numbers[0].values[0] = TensorLib.Number(value, decimals);
        output.numbers[0].shape = new uint32[](2);
        (output.numbers[0].shape[0], output.numbers[0].shape[1]) = (1, 1);
        output.is_simulation_result = isSimulation;
        vm.mockCall(address(front), abi.encodeWithSelector(ISolidML.run.selector), abi.encode(output));
        vm.mockCall(address(front), abi.encodeWithSelector(ISolidML.runModelInference.selector), abi.encode(output));
    }

    function test_volatilitySetsTheFee() public {
        VolatilityFee pool = new VolatilityFee(front, "QmVol", address(this));
        vm.expectRevert(abi.encodeWithSelector(VolatilityFee.CandlesMissing.selector, 0));
        pool.updateFee();
        for (uint256 i; i < 10; ++i) pool.observe([int128(2000e8), 2010e8, 1990e8, 2005e8]);
        _answer(2, 2, true);
        pool.updateFee();
        assertEq(pool.feeBps(), 100);
        _answer(2, 2, false);
        pool.updateFee();
        assertEq(pool.feeBps(), 20);
        _answer(-1, 2, false);
        pool.updateFee();
        assertEq(pool.feeBps(), 5);
        _answer(type(int128).max, 37, false);
        pool.updateFee();
        assertEq(pool.feeBps(), 100);
    }

    function test_riskDecidesTheLoan() public {
        CreditDesk desk = new CreditDesk(front, ModelInferenceMode.ZK, "QmRisk", address(this));
        desk.record(address(this), CreditDesk.Term(1000e6, 1000e6, 0));
        _answer(199, 3, false);
        desk.applyForLoan();
        assertTrue(desk.isApproved(address(this)));
        _answer(2, 1, false);
        desk.applyForLoan();
        assertFalse(desk.isApproved(address(this)));
    }

    function test_workflowKeepsTheLastAnswers() public {
        VolatilityHistory history = new VolatilityHistory(front, "QmVol", IPriceSource(source));
        vm.expectRevert(ModelWorkflow.WorkflowNeverRan.selector);
        history.getInferenceResult();
        assertEq(history.getLastInferenceResults(5).length, 0);
        for (int128 i = 1; i <= 20; ++i) {
            _answer(i, 2, false);
            history.run();
        }
        _answer(99, 2, true);
        history.run();
        assertEq(history.runs(), 20);
        assertEq(history.getInferenceResult().numbers[0].values[0].value, 20);
        ModelOutput[] memory last = history.getLastInferenceResults(3);
        assertEq(last.length, 3);
        for (uint256 i; i < 3; ++i) assertEq(last[i].numbers[0].values[0].value, int128(int256(20 - i)));
        assertEq(last[0].numbers[0].name, "Y");
        assertEq(last[0].numbers[0].shape.length, 2);
        last = history.getLastInferenceResults(type(uint256).max);
        assertEq(last.length, 16);
        assertEq(last[15].numbers[0].values[0].value, 5);
    }
}
