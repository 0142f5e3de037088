// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {Contributor, ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {Standing} from "../../../contracts/interfaces/IOperators.sol";
import {Call, IPipe} from "../../../contracts/interfaces/IPipe.sol";
import {IPipeExecutor} from "../../../contracts/interfaces/IPipeExecutor.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {Actor} from "../../unit/support/NetworkFixture.sol";
import {Item} from "../../unit/Pipe/PipeFixture.sol";
import {HostileTarget} from "./HostileTarget.sol";
import {Load, PipeBooks} from "./PipeBooks.sol";

/// What payers, consumers, operators, governance and strangers do with PIPE. Inputs are new in each act, so that what
/// one act loaded is never there in another, be they one transaction or two.
abstract contract PipeActs is PipeBooks {
    uint256 private constant MAX_ITEMS = 4;
    uint256 private constant MAX_FEE = 1 ether;

    HostileTarget internal hostile;
    address private _secondTreasury = makeAddr("second treasury");
    /// The last results that were carried and paid, for those who try them again.
    bytes private _lastCall;
    address private _lastTarget;

    modifier acting() {
        ++step;
        clock += step % 13;
        if (step % 3 == 0) ++height;
        vm.warp(clock);
        vm.roll(height);
        _;
    }

    // The ways to bring results

    function preload(uint256 seed) external acting {
        bool isBound = _oneIn(2, seed, "bound");
        Load memory load = _drawLoad(seed, _anyUser(seed), _anyConsumer(seed, 2), isBound);
        bool expected = load.holds && balance[load.payer] >= int256(load.fees);
        (bool success, ) = _call(load.payer, address(pipe), abi.encodeCall(IPipe.preload, (load.results)));
        _breach(success != expected, 3, "a load went through, or did not, against the rules");
        if (!success) return _did("preload, refused");
        _bookBalance(load);
        if (_oneIn(2, seed, "use")) _useAll(load, load.payer);
        _did("preload");
    }

    /// Results behind the call; a consumer that pays for its callers is called by an operator who pumps it.
    function carry(uint256 seed) external acting {
        CarryingConsumer consumer_ = _anyConsumer(seed, 3);
        bool pays = consumer_.PAYS();
        address caller = pays ? _anyActor(seed).owner : _anyUser(seed);
        address payer = pays ? address(consumer_) : caller;
        Load memory load = _drawLoad(seed, payer, consumer_, _oneIn(2, seed, "bound"));
        bytes memory call_ = _carry(_askFor(load.items[0]), load.results);
        bool expected = load.holds && _budgetPays(load);
        (bool success, ) = _call(caller, address(consumer_), call_);
        _breach(success != expected, 3, "a carried load went through, or did not, against the rules");
        if (!success) return _did(pays ? "pump, refused" : "carry, refused");
        _bookBudget(load);
        _useAll(load, caller);
        (_lastTarget, _lastCall) = (address(consumer_), call_);
        _did(pays ? "pump" : "carry");
    }

    /// A hostile target between the caller's calls, and at times one call that fails at the end.
    function execute(uint256 seed) external acting {
        Load memory load = _drawLoad(seed, _anyUser(seed), _anyConsumer(seed, 2), _oneIn(2, seed, "bound"));
        bool fails = _oneIn(5, seed, "fails");
        Call[] memory calls = new Call[](load.items.length + 2);
        calls[0] = Call(address(hostile), 0, hex"01");
        for (uint256 i; i < load.items.length; ++i) {
            calls[i + 1] = Call(address(load.consumer), 0, _askFor(load.items[i]));
        }
        calls[calls.length - 1] = fails ? Call(address(hub), 0, hex"01") : Call(stranger, 0, "");
        _arm(seed, load);
        bool expected = load.holds && !fails && balance[load.payer] >= int256(load.fees);
        (bool success, ) = _call(load.payer, address(pipe), abi.encodeCall(IPipe.execute, (load.results, calls)));
        _breach(success != expected, 3, "an execution went through, or did not, against the rules");
        if (!success) return _did("execute, refused");
        _breach(hostile.gained(), 2, "a target took something from inside an execution");
        _bookBalance(load);
        _did("execute");
    }

    /// A batch that loads, uses and then fails: all of it is undone.
    function failLate(uint256 seed) external acting {
        Load memory load = _drawLoad(seed, _anyUser(seed), _anyConsumer(seed, 2), false);
        try this.loadAndFail(load) {} catch {}
        (bool success, ) = _call(load.payer, address(load.consumer), _askFor(load.items[0]));
        _breach(success, 3, "a result answers that was not paid");
        _did("failLate");
    }

    function loadAndFail(Load calldata load) external {
        vm.prank(load.payer);
        pipe.preload(load.results);
        revert Idle();
    }

    // Money

    function deposit(uint256 seed) external acting {
        address account = _oneIn(4, seed, "pays") ? address(consumers[2]) : _anyUser(seed);
        uint256 amount = _draw(seed, "amount", 1, 5 ether);
        _pay(account, amount);
        balance[account] += int256(amount);
        _did("deposit");
    }

    function withdraw(uint256 seed) external acting {
        address account = accounts[_draw(seed, "account") % accounts.length];
        uint256 most = money.balanceOf(account);
        if (most == 0) revert Idle();
        uint256 amount = _oneIn(6, seed, "all") ? most : _draw(seed, "amount", 1, most);
        vm.prank(account);
        money.withdraw(account, amount);
        balance[account] -= int256(amount);
        wallet[account] += int256(amount);
        _did("withdraw");
    }

    function fund(uint256 seed) external acting {
        (address payer, address spender) = _anyBudget(seed);
        uint256 most = uint256(balance[payer]) / GRAIN;
        uint256 amount = _oneIn(4, seed, "limit only") ? 0 : _draw(seed, "amount", 0, most) * GRAIN;
        uint256 limit = _oneIn(5, seed, "none") ? 0 : _draw(seed, "limit", 1, 1.5e6) * GRAIN;
        vm.prank(payer);
        pipe.fundBudget(spender, amount, limit);
        balance[payer] -= int256(amount);
        budget[payer][spender] += amount;
        blockLimit[payer][spender] = limit;
        _did("fund");
    }

    function drain(uint256 seed) external acting {
        (address payer, address spender) = _anyBudget(seed);
        if (budget[payer][spender] == 0) revert Idle();
        uint256 amount = _draw(seed, "amount", 1, budget[payer][spender] / GRAIN) * GRAIN;
        vm.prank(payer);
        pipe.drainBudget(spender, amount);
        budget[payer][spender] -= amount;
        balance[payer] += int256(amount);
        _did("drain");
    }

    function claim(uint256 seed) external acting {
        uint256 count = actors.length * releases.length;
        uint256 start = _draw(seed, "pot") % count;
        for (uint256 i; i < count; ++i) {
            uint256 place = (start + i) % count;
            uint32 id = actors[place % actors.length].id;
            uint256 of_ = place / actors.length;
            if (money.earningsOf(id, releases[of_]).matured == 0) continue;
            vm.prank(stranger);
            money.claim(id, releases[of_], contributorsOf[releases[of_]]);
            lost += _bookClaim(id, releases[of_]);
            return _did("claim");
        }
        revert Idle();
    }

    function burn(uint256) external acting {
        if (lost == 0) revert Idle();
        vm.prank(stranger);
        _breach(money.burnForfeited() != lost, 2, "something else was burned");
        lost = 0;
        _did("burn");
    }

    function give(uint256 seed) external acting {
        uint256 amount = _draw(seed, "amount", 1, 1 ether);
        gifts += amount;
        _fund(address(pipe), amount);
        _did("give");
    }

    function govern(uint256) external acting {
        receiver = receiver == treasury ? _secondTreasury : treasury;
        vm.prank(governor);
        money.setTreasury(receiver);
        _did("govern");
    }

    function pass(uint256 seed) external acting {
        uint256 kind = _draw(seed, "kind", 0, 5);
        if (kind < 3) clock += _draw(seed, "seconds", 1, 2 hours);
        else if (kind < 5) clock += _draw(seed, "seconds", 12 hours, 2 days);
        else clock += _draw(seed, "seconds", 7 days, 8 days);
        _did("pass");
    }

    // Operators

    function slash(uint256 seed) external acting {
        if (!_oneIn(5, seed, "really")) revert Idle();
        Actor memory actor = _anyActor(seed);
        _slash(actor, step);
        _bookForfeit(actor.id);
        _did("slash");
    }

    function restore(uint256 seed) external acting {
        Actor memory actor = _anyActor(seed);
        Standing memory standing = operators.standingById(actor.id);
        if (standing.stake * GRAIN < RELEASE_MIN_STAKE) _stake(actor, STAKE);
        if (standing.jailed && standing.lastSlashAt + JAIL_PERIOD <= clock) {
            vm.prank(actor.owner);
            operators.leaveJail(actor.id);
            return _did("leaveJail");
        }
        _did("restore");
    }

    function unbond(uint256 seed) external acting {
        Actor memory actor = _anyActor(seed);
        uint256 grains = operators.standingById(actor.id).stake;
        if (grains == 0 || !_oneIn(2, seed, "really")) revert Idle();
        vm.prank(actor.owner);
        operators.unbond(actor.id, _draw(seed, "amount", 1, grains) * GRAIN);
        _did("unbond");
    }

    function rotate(uint256 seed) external acting {
        Actor memory actor = _anyActor(seed);
        actors[actor.id - 1] = _rotate(actor, string.concat("signer of act ", vm.toString(step)));
        _did("rotate");
    }

    // What must fail

    function trespass(uint256 seed) external acting {
        uint256 kind = _draw(seed, "kind", 0, 8);
        address user_ = _anyUser(seed);
        if (kind == 0) return _mustFail(stranger, abi.encodeCall(IEscrow.withdraw, (stranger, 1)));
        uint256 above = uint256(balance[user_]) + 1;
        if (kind == 1) return _mustFail(user_, abi.encodeCall(IEscrow.withdraw, (user_, above)));
        if (kind == 2) return _mustFail(stranger, abi.encodeCall(IPipe.drainBudget, (address(consumers[0]), GRAIN)));
        above = budget[user_][address(consumers[0])] + GRAIN;
        if (kind == 3) return _mustFail(user_, abi.encodeCall(IPipe.drainBudget, (address(consumers[0]), above)));
        above = (uint256(balance[user_]) / GRAIN + 1) * GRAIN;
        if (kind == 4) return _mustFail(user_, abi.encodeCall(IPipe.fundBudget, (address(consumers[0]), above, 0)));
        if (kind == 5) return _mustFail(stranger, abi.encodeCall(IEscrow.setTreasury, (stranger)));
        if (kind == 6) return _takeFrom(user_, seed);
        if (kind == 7) return _replay();
        (bool success, ) = _call(
            stranger,
            pipe.executor(),
            abi.encodeCall(IPipeExecutor.run, (new Call[](0), payable(stranger)))
        );
        _breach(success, 2, "a stranger ran the executor");
        _did("trespass");
    }

    /// A stranger's contract names somebody as its account, and brings results that are signed for both.
    function _takeFrom(address user_, uint256 seed) private {
        Item[] memory items = _items(_drawItem(seed, 0));
        items[0].fee = MAX_FEE;
        bytes memory results = _bundle(user_, stranger, items);
        bytes memory infer = abi.encodeCall(
            IPipe.infer,
            (consumers[0].queryOf(items[0].release, items[0].input), user_, results)
        );
        _mustFail(stranger, infer);
    }

    /// What somebody else carried and paid.
    function _replay() private {
        if (_lastTarget == address(0) || _lastTarget == address(consumers[2])) revert Idle();
        (bool success, ) = _call(stranger, _lastTarget, _lastCall);
        _breach(success, 2, "a stranger used what another had carried");
        _did("trespass");
    }

    function _mustFail(address caller, bytes memory call_) private {
        (bool success, ) = _call(caller, address(pipe), call_);
        _breach(success, 2, "a trespass came through");
        _did("trespass");
    }

    // Draws

    function _drawLoad(
        uint256 seed,
        address payer,
        CarryingConsumer consumer_,
        bool isBound
    ) private view returns (Load memory load) {
        (load.payer, load.consumer, load.by, load.holds) = (payer, consumer_, _likelyActor(seed), true);
        load.items = new Item[](_draw(seed, "count", 1, MAX_ITEMS));
        for (uint256 i; i < load.items.length; ++i) {
            load.items[i] = i != 0 && _oneIn(5, seed + i, "repeat") ? load.items[i - 1] : _drawItem(seed, i);
            Item memory item = load.items[i];
            if (_isRepeat(load.items, i)) continue;
            load.fees += item.fee;
            uint256 royalty = hub.termsOf(item.release).royalty;
            bool fits = item.fee >= royalty + (item.fee * PROTOCOL_FEE_BPS) / 10_000;
            if (!fits || !_couldServe(load.by, item.release)) load.holds = false;
        }
        load.results = _drawResults(seed, load, isBound ? address(consumer_) : address(0));
        if (_oneIn(6, seed, "twice")) load.results = bytes.concat(load.results, load.results);
    }

    /// At times signed for another payer, valid for too long, or by nobody.
    function _drawResults(uint256 seed, Load memory load, address bound_) private view returns (bytes memory) {
        address payer = load.payer;
        uint256 key = load.by.signerKey;
        uint40 validUntil = uint40(clock + _draw(seed, "validity", 0, MAX_VALIDITY));
        uint256 flaw = _draw(seed, "flaw", 0, 23);
        if (flaw < 3) load.holds = false;
        if (flaw == 0) validUntil = uint40(clock) - 1;
        if (flaw == 1) validUntil = uint40(clock) + MAX_VALIDITY + 1;
        if (flaw == 2) key = uint256(keccak256("nobody"));
        if (flaw == 3 && bound_ != address(0)) (payer, load.holds) = (stranger, false);
        return _bundleOf(key, _contextOf(payer, bound_), bound_, load.items, validUntil);
    }

    /// Odd numbers, so that every division has something to round; at times less than the royalty.
    function _drawItem(uint256 seed, uint256 index) private view returns (Item memory item) {
        item = _itemOf(abi.encode("input", step, index), abi.encode(keccak256(abi.encode(seed, index))));
        item.release = releases[_draw(seed + index, "release") % releases.length];
        uint256 royalty = hub.termsOf(item.release).royalty;
        item.fee = 2 * royalty + _draw(seed + index, "fee", 1, 199_999) * GRAIN;
        if (_oneIn(2, seed + index, "cheap")) item.fee = royalty + (royalty / GRAIN / 10 + 1) * GRAIN;
        if (_oneIn(40, seed + index, "too low") && royalty != 0) item.fee = royalty;
    }

    /// Every result that was paid for answers its own payer's call, for nothing more, and nobody else's.
    function _useAll(Load memory load, address caller) private {
        for (uint256 i; i < load.items.length; ++i) {
            (bool success, ) = _call(caller, address(load.consumer), _askFor(load.items[i]));
            _breach(!success, 6, "what was paid for does not answer");
            if (load.consumer.PAYS()) continue;
            (success, ) = _call(stranger, address(load.consumer), _askFor(load.items[i]));
            _breach(success, 6, "what one paid for answers another");
        }
    }

    /// What the hostile target tries in the midst of an execution.
    function _arm(uint256 seed, Load memory load) private {
        hostile.forget();
        uint256 kind = _draw(seed, "plan", 0, 4);
        bytes memory call_;
        if (kind == 0) call_ = abi.encodeCall(IEscrow.withdraw, (address(hostile), 1));
        if (kind == 1) call_ = abi.encodeCall(IPipe.execute, ("", new Call[](0)));
        if (kind == 2) call_ = abi.encodeCall(IPipe.preload, (load.results));
        if (kind == 3) call_ = abi.encodeCall(IPipe.drainBudget, (address(load.consumer), GRAIN));
        if (kind == 4) {
            Item memory item = load.items[0];
            call_ = abi.encodeCall(IPipe.infer, (consumers[0].queryOf(item.release, "x"), load.payer, load.results));
        }
        hostile.plan(address(pipe), call_);
    }

    function _askFor(Item memory item) private pure returns (bytes memory) {
        return abi.encodeCall(CarryingConsumer.ask, (item.release, 0, item.input));
    }

    function _call(address caller, address target, bytes memory data) private returns (bool, bytes memory) {
        vm.prank(caller);
        return target.call(data);
    }

    /// One that could answer, as a rule; else most of what is drawn would be refused for the operator's sake alone.
    function _likelyActor(uint256 seed) private view returns (Actor memory actor) {
        actor = _anyActor(seed);
        if (_oneIn(6, seed, "any")) return actor;
        for (uint256 i; i < actors.length && !_couldServe(actor, releases[0]); ++i) actor = actors[i];
    }

    function _anyUser(uint256 seed) private view returns (address) {
        return users[_draw(seed, "user") % users.length];
    }

    function _anyConsumer(uint256 seed, uint256 among) private view returns (CarryingConsumer) {
        return consumers[_draw(seed, "consumer") % among];
    }

    /// A user's for a consumer, or that of the contract that pays for its callers.
    function _anyBudget(uint256 seed) private view returns (address payer, address spender) {
        if (_oneIn(3, seed, "own")) return (address(consumers[2]), address(consumers[2]));
        return (_anyUser(seed), address(_anyConsumer(seed, 2)));
    }

    /// Without royalty, with one, and with one that is shared in parts that do not divide evenly.
    function _publishReleases() internal {
        releases.push(release);
        releases.push(_publish(0, MINIMUM_STAKE));
        ReleaseContent memory content = _content();
        content.contributors = new Contributor[](2);
        content.contributors[0] = Contributor(makeAddr("first contributor"), 3333);
        content.contributors[1] = Contributor(makeAddr("second contributor"), 1);
        releases.push(_publish(content, ROYALTY + 7 * GRAIN, RELEASE_MIN_STAKE, VANILLA_ONLY));
        for (uint256 i; i < 2; ++i) {
            contributorsOf[releases[2]].push(content.contributors[i]);
            _addAccount(content.contributors[i].account);
        }
        _addAccount(_secondTreasury);
    }
}
