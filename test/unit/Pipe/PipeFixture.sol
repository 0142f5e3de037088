// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Earnings, IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IGateways} from "../../../contracts/interfaces/IGateways.sol";
import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {ITimedPause} from "../../../contracts/interfaces/ITimedPause.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {CODEC_TENSORS} from "../../../contracts/types/Codec.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

/// What goes into one carried result.
struct Item {
    ReleaseId release;
    bytes input;
    bytes output;
    uint256 fee;
    uint256 maxCover;
    Mode mode;
    uint8 codec;
    bytes proof;
}

/// The network with PIPE, one operator, a consumer and a user with money in PIPE and a budget for the consumer.
abstract contract PipeFixture is NetworkFixture {
    bytes4 internal constant MAGIC = bytes4(keccak256("PIPE carried results"));
    bytes internal constant INPUT = "canonical input";
    bytes32 internal constant ANSWER = keccak256("answer");

    IPipe internal pipe;
    IEscrow internal money;
    IGateways internal gateways;
    CarryingConsumer internal consumer;
    Actor internal operator;

    function setUp() public virtual override {
        super.setUp();
        gateways = IGateways(deployCode("contracts/Gateways.sol:Gateways", abi.encode(operators, hub, settlement)));
        pipe = _deployPipe();
        money = IEscrow(address(pipe));
        vm.startPrank(admin);
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (ITimedPause.pause.selector, ITimedPause.resume.selector);
        authority.setTargetFunctionRole(address(pipe), selectors, GUARDIAN);
        authority.grantRole(COVERER, address(pipe), 0);
        vm.stopPrank();
        operator = _onboard("operator");
        consumer = _consumer(false);
        _pay(user, 100 ether);
        vm.prank(user);
        pipe.fundBudget(address(consumer), 10 ether, 10 ether);
    }

    function _deployPipe() internal returns (IPipe) {
        return
            IPipe(
                deployCode(
                    "contracts/Pipe.sol:Pipe",
                    abi.encode(opg, operators, hub, settlement, gateways, authority, treasury, PROTOCOL_FEE_BPS)
                )
            );
    }

    function _preload(address account, bytes memory results) internal {
        vm.prank(account);
        pipe.preload(results);
    }

    function _consumer(bool pays) internal returns (CarryingConsumer) {
        return
            CarryingConsumer(
                deployCode("contracts/mocks/CarryingConsumer.sol:CarryingConsumer", abi.encode(address(pipe), pays))
            );
    }

    function _pay(address account, uint256 amount) internal {
        opg.approve(address(pipe), amount);
        money.deposit(account, amount);
    }

    function _item(bytes memory input, bytes32 output) internal view returns (Item[] memory items) {
        return _items(_itemOf(input, abi.encode(output)));
    }

    function _items(Item memory item) internal pure returns (Item[] memory items) {
        items = new Item[](1);
        items[0] = item;
    }

    /// Of `release`, for the usual fee, without cover or proof.
    function _itemOf(bytes memory input, bytes memory output) internal view returns (Item memory) {
        return Item(release, input, output, FEE, 0, Mode.VANILLA, CODEC_TENSORS, "");
    }

    /// One bundle by `operator` for one hour, in the context of `payer` and `user_` (zero = of nobody).
    function _bundle(address payer, address user_, Item[] memory items) internal view returns (bytes memory) {
        return _bundleBy(operator.signerKey, payer, user_, items);
    }

    function _bundleBy(
        uint256 signerKey,
        address payer,
        address user_,
        Item[] memory items
    ) internal view returns (bytes memory) {
        return _bundleOf(signerKey, _contextOf(payer, user_), user_, items, uint40(block.timestamp) + MAX_VALIDITY);
    }

    function _bundleUntil(
        address payer,
        address user_,
        Item[] memory items,
        uint40 validUntil
    ) internal view returns (bytes memory bundle) {
        return _bundleOf(operator.signerKey, _contextOf(payer, user_), user_, items, validUntil);
    }

    /// Signed for `context`, whatever the consumer that stands in the bundle.
    function _bundleOf(
        uint256 signerKey,
        bytes32 context,
        address user_,
        Item[] memory items,
        uint40 validUntil
    ) internal view returns (bytes memory) {
        bytes32[] memory leaves = new bytes32[](items.length);
        for (uint256 i; i < items.length; ++i) leaves[i] = _resultOf(context, items[i], validUntil).structHash();
        return _encodeBundle(user_, items, validUntil, _signLeaves(signerKey, leaves));
    }

    /// The layout of `IPipe`; nowhere else do tests write it down.
    function _encodeBundle(
        address user_,
        Item[] memory items,
        uint40 validUntil,
        bytes memory signature
    ) internal pure returns (bytes memory bundle) {
        bundle = abi.encodePacked(uint8(items.length), user_, validUntil);
        for (uint256 i; i < items.length; ++i) bundle = bytes.concat(bundle, _encoded(items[i]));
        bundle = bytes.concat(bundle, signature);
    }

    function _contextOf(address payer, address user_) internal pure returns (bytes32) {
        return user_ == address(0) ? bytes32(0) : keccak256(abi.encode(payer, user_));
    }

    function _resultOf(
        bytes32 context,
        Item memory item,
        uint40 validUntil
    ) internal pure returns (InferenceResult memory) {
        return
            InferenceResult({
                context: context,
                release: item.release,
                mode: item.mode,
                codec: item.codec,
                inputHash: keccak256(item.input),
                outputHash: keccak256(item.output),
                fee: item.fee,
                maxCover: item.maxCover,
                validUntil: validUntil
            });
    }

    function _encoded(Item memory item) private pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(
            item.release,
            keccak256(item.input),
            item.mode,
            item.codec,
            uint56(item.fee / GRAIN),
            uint56(item.maxCover / GRAIN)
        );
        return abi.encodePacked(head, uint24(item.output.length), uint24(item.proof.length), item.output, item.proof);
    }

    /// The usual bundle: `ANSWER` to `INPUT`, for `user` and `consumer`.
    function _usual() internal view returns (bytes memory) {
        return _bundle(user, address(consumer), _item(INPUT, ANSWER));
    }

    function _ask() internal view returns (bytes memory) {
        return abi.encodeCall(CarryingConsumer.ask, (release, 0, INPUT));
    }

    function _carry(bytes memory callData, bytes memory results) internal pure returns (bytes memory) {
        return abi.encodePacked(callData, results, uint32(results.length), MAGIC);
    }

    function _send(address from, address to, bytes memory callData) internal returns (bool success, bytes memory data) {
        vm.prank(from);
        (success, data) = to.call(callData);
    }

    /// Sends it, expects that error, and that nobody paid.
    function _expectFailure(address from, address to, bytes memory callData, bytes memory problem) internal {
        uint256 before = _spendable(from);
        (bool success, bytes memory data) = _send(from, to, callData);
        assertFalse(success, "went through");
        assertEq(data, problem);
        assertEq(_spendable(from), before, "paid for nothing");
    }

    function _spendable(address account) internal view returns (uint256) {
        return money.balanceOf(account) + pipe.budgetOf(account, address(consumer)).balance;
    }

    /// Reverts as `problem` says, with money, earnings and budgets as they were.
    function _expectNothingCharged(address from, address to, bytes memory callData, bytes4 problem) internal {
        uint256 before = _spendable(from);
        Earnings memory earned = money.earningsOf(operator.id, release);
        (bool success, bytes memory data) = _send(from, to, callData);
        assertFalse(success, "went through");
        assertEq(bytes4(data), problem);
        assertEq(_spendable(from), before, "paid for nothing");
        assertEq(money.earningsOf(operator.id, release).unripe, earned.unripe, "earned for nothing");
    }

    function _missing(address account, address asker, bytes memory input) internal view returns (bytes memory) {
        return _missing(account, asker, consumer.queryOf(release, input));
    }

    function _missing(
        address account,
        address asker,
        InferenceQuery memory query
    ) internal pure returns (bytes memory) {
        InferenceQuery[] memory queries = new InferenceQuery[](1);
        queries[0] = query;
        return abi.encodeWithSelector(IPipe.InferenceRequired.selector, account, asker, queries);
    }
}
