// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CreditDesk} from "../../../contracts/examples/solidml/CreditDesk.sol";
import {VolatilityFee} from "../../../contracts/examples/solidml/VolatilityFee.sol";
import {IPriceSource, VolatilityHistory} from "../../../contracts/examples/solidml/VolatilityHistory.sol";
import {ReleaseContent, TensorSpec} from "../../../contracts/interfaces/IModelHub.sol";
import {Call, IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {IReleaseSchemas} from "../../../contracts/solidml/IReleaseSchemas.sol";
import {ISolidML, ModelInferenceMode} from "../../../contracts/solidml/ISolidML.sol";
import {IWorkflowScheduler} from "../../../contracts/solidml/IWorkflowScheduler.sol";
import {TensorLib} from "../../../contracts/solidml/TensorLib.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Item, PipeFixture} from "../Pipe/PipeFixture.sol";

/// The examples on the whole network: a real pipe, results signed by a staked operator, fees paid.
contract OnThePipeTest is PipeFixture {
    ISolidML private front;
    address private source = makeAddr("source");

    function setUp() public override {
        super.setUp();
        bytes memory arguments = abi.encode(hub, pipe, SUPPLY, 0, 0);
        front = ISolidML(deployCode("contracts/solidml/SolidML.sol:SolidML", arguments));
        vm.etch(source, hex"00");
        vm.mockCall(source, abi.encodeCall(IPriceSource.price, ()), abi.encode(int128(2000e8)));
    }

    /// Publishes a model of float32 tensors under a name, registers its schema, and returns its `modelCID`.
    function _publish(string memory name, string memory input, int32[] memory shape) private returns (string memory) {
        ReleaseContent memory content = _content();
        content.inputs[0] = TensorSpec(input, Dtype.FLOAT32, shape);
        content.outputs[0] = TensorSpec("Y", Dtype.FLOAT32, _shape(1, 1));
        vm.startPrank(publisher);
        ReleaseId published = hub.publish(
            hub.createModel(name),
            false,
            content,
            ROYALTY,
            RELEASE_MIN_STAKE,
            VANILLA_ONLY,
            "",
            0
        );
        vm.stopPrank();
        IReleaseSchemas(address(front)).registerSchema(published, content.inputs, content.outputs);
        return string.concat(vm.toString(publisher), "/", name, "@v1.00");
    }

    function _shape(int32 a, int32 b) private pure returns (int32[] memory shape) {
        shape = new int32[](2);
        (shape[0], shape[1]) = (a, b);
    }

    /// What a node does: reads from a failed call what is missing, and signs an answer for `payer`.
    function _carry(
        bytes memory reason,
        address payer,
        address account,
        int256 value
    ) private view returns (bytes memory) {
        assertEq(bytes4(reason), IPipe.InferenceRequired.selector);
        assembly ("memory-safe") {
            mstore(add(reason, 4), sub(mload(reason), 4))
            reason := add(reason, 4)
        }
        (address missedBy, address consumer, InferenceQuery[] memory queries) = abi.decode(
            reason,
            (address, address, InferenceQuery[])
        );
        assertEq(missedBy, account);
        assertEq(consumer, address(front));
        return _bundle(queries[0], payer, value);
    }

    function _bundle(InferenceQuery memory query, address payer, int256 value) private view returns (bytes memory) {
        int256[] memory values = new int256[](1);
        values[0] = value;
        uint32[] memory shape = TensorCodec.shapeOf(1, 1);
        bytes memory output = TensorCodec.encode(TensorCodec.fromFixed(values, 3, shape, Dtype.FLOAT32));
        Item memory item = _itemOf(query.input, output);
        item.release = query.release;
        return _bundle(payer, address(front), _items(item));
    }

    function _pool() private returns (VolatilityFee pool) {
        pool = new VolatilityFee(front, _publish("vol", "open_high_low_close", _shape(10, 4)), address(this));
        for (uint256 i; i < 10; ++i) pool.observe([int128(2000e8), 2010e8, 1990e8, 2005e8]);
    }

    function _reasonOf(address from, address target, bytes memory data) private returns (bytes memory reason) {
        bool success;
        vm.prank(from, from);
        (success, reason) = target.call(data);
        assertFalse(success);
    }

    function test_volatilitySetsTheFeeInOneTransaction() public {
        VolatilityFee pool = _pool();
        bytes memory update = abi.encodeCall(VolatilityFee.updateFee, ());
        bytes memory results = _carry(_reasonOf(user, address(pool), update), user, user, 25);
        vm.prank(user, user);
        pipe.preload(results);
        vm.prank(user, user);
        pool.updateFee();
        assertEq(pool.feeBps(), 25);
        assertEq(money.balanceOf(user), 90 ether - FEE);

        // The same result again, in the same transaction: no second charge.
        vm.prank(stranger, user);
        pool.updateFee();
        assertEq(money.balanceOf(user), 90 ether - FEE);
    }

    function test_usesNobodyElsesResult() public {
        VolatilityFee pool = _pool();
        bytes memory update = abi.encodeCall(VolatilityFee.updateFee, ());
        bytes memory results = _carry(_reasonOf(user, address(pool), update), user, user, 25);
        vm.prank(user, user);
        pipe.preload(results);
        _carry(_reasonOf(stranger, address(pool), update), stranger, stranger, 20);
    }

    function test_movedStateFindsNoResult() public {
        VolatilityFee pool = _pool();
        bytes memory update = abi.encodeCall(VolatilityFee.updateFee, ());
        bytes memory results = _carry(_reasonOf(user, address(pool), update), user, user, 25);
        pool.observe([int128(2005e8), 2010e8, 1990e8, 2001e8]);
        vm.prank(user, user);
        pipe.preload(results);
        assertEq(bytes4(_reasonOf(user, address(pool), update)), IPipe.InferenceRequired.selector);
    }

    function test_riskDecidesTheLoan() public {
        string memory id = _publish("risk", "features", _shape(-1, 3));
        CreditDesk desk = new CreditDesk(front, ModelInferenceMode.VANILLA, id, address(this));
        desk.record(user, CreditDesk.Term(1000e6, 1000e6, 3));
        bytes memory apply_ = abi.encodeCall(CreditDesk.applyForLoan, ());
        bytes memory results = _carry(_reasonOf(user, address(desk), apply_), user, user, 150);
        vm.startPrank(user, user);
        pipe.preload(results);
        desk.applyForLoan();
        vm.stopPrank();
        assertTrue(desk.isApproved(user));
    }

    function test_schedulerRunsAWorkflowThroughTheExecutor() public {
        string memory id = _publish("history", "prices", _shape(1, 4));
        VolatilityHistory history = new VolatilityHistory(front, id, IPriceSource(source));
        IWorkflowScheduler scheduler = IWorkflowScheduler(
            deployCode("contracts/solidml/WorkflowScheduler.sol:WorkflowScheduler")
        );
        scheduler.registerTask(address(history), block.timestamp + 1 days, 3600);
        Call[] memory calls = new Call[](1);
        bytes memory run = abi.encodeCall(IWorkflowScheduler.runTask, (address(this), address(history)));
        calls[0] = Call(address(scheduler), 0, run);
        bytes memory execute = abi.encodeCall(IPipe.execute, ("", calls));
        bytes memory results = _carry(_reasonOf(user, address(pipe), execute), user, pipe.executor(), 500);
        vm.prank(user, user);
        pipe.execute(results, calls);
        assertEq(history.runs(), 1);
        TensorLib.Number memory number = history.getInferenceResult().numbers[0].values[0];
        assertEq(number.value, 5);
        assertEq(number.decimals, 1);
    }
}
