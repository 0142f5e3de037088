// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CreditDesk} from "../../../contracts/examples/solidml/CreditDesk.sol";
import {VolatilityFee} from "../../../contracts/examples/solidml/VolatilityFee.sol";
import {IPriceSource, VolatilityHistory} from "../../../contracts/examples/solidml/VolatilityHistory.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {ReleaseContent, TensorSpec} from "../../../contracts/interfaces/IModelHub.sol";
import {Call, IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {IReleaseSchemas} from "../../../contracts/solidml/IReleaseSchemas.sol";
import {ISolidML, ModelInferenceMode} from "../../../contracts/solidml/ISolidML.sol";
import {IWorkflowScheduler} from "../../../contracts/solidml/IWorkflowScheduler.sol";
import {TensorLib} from "../../../contracts/solidml/TensorLib.sol";
import {CODEC_TENSORS} from "../../../contracts/types/Codec.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

/// The examples on the whole network: a real pipe, results signed by a staked operator, fees paid.
contract OnThePipeTest is NetworkFixture {
    IPipe private pipe;
    ISolidML private front;
    Actor private operator;
    address private source = makeAddr("source");

    function setUp() public override {
        super.setUp();
        address gateways = deployCode("contracts/Gateways.sol:Gateways", abi.encode(operators, hub, settlement));
        pipe = IPipe(
            deployCode(
                "contracts/Pipe.sol:Pipe",
                abi.encode(opg, operators, hub, settlement, gateways, authority, treasury, PROTOCOL_FEE_BPS)
            )
        );
        bytes memory arguments = abi.encode(hub, pipe, SUPPLY, 0, 0);
        front = ISolidML(deployCode("contracts/solidml/SolidML.sol:SolidML", arguments));
        operator = _onboard("operator");
        _pay(user);
        vm.etch(source, hex"00");
        vm.mockCall(source, abi.encodeCall(IPriceSource.price, ()), abi.encode(int128(2000e8)));
    }

    function _pay(address account) private {
        opg.approve(address(pipe), 10 * FEE);
        IEscrow(address(pipe)).deposit(account, 10 * FEE);
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
        InferenceResult memory result = InferenceResult({
            context: pipe.contextOf(payer, address(front)),
            release: query.release,
            mode: Mode.VANILLA,
            codec: CODEC_TENSORS,
            inputHash: keccak256(query.input),
            outputHash: keccak256(output),
            fee: FEE,
            maxCover: 0,
            validUntil: uint40(block.timestamp) + 600
        });
        bytes memory head = abi.encodePacked(
            uint8(1),
            address(front),
            result.validUntil,
            result.release,
            result.inputHash,
            uint8(0),
            CODEC_TENSORS
        );
        bytes memory rest = abi.encodePacked(uint56(FEE / GRAIN), uint56(0), uint24(output.length), uint24(0), output);
        return bytes.concat(head, rest, _signTyped(operator.signerKey, result.structHash()));
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
        assertEq(IEscrow(address(pipe)).balanceOf(user), 9 * FEE);

        // The same result again, in the same transaction: no second charge.
        vm.prank(stranger, user);
        pool.updateFee();
        assertEq(IEscrow(address(pipe)).balanceOf(user), 9 * FEE);
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
